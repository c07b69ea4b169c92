"""`python -m workers.sweeper`: one look at the queue each interval, until SIGTERM."""

import signal
import sys
import threading

from shared.bootstrap import sweeper
from shared.services.sweep import Sweep
from shared.settings import SettingsError, load
from shared.telemetry import configure, logger

log = logger(__name__)


def main() -> int:
    try:
        settings = load()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    configure(settings.log_level, settings.log_format)
    ending = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ending.set())
    sweep_until(ending, sweeper(settings), settings.sweep_interval)
    return 0


def sweep_until(ending: threading.Event, sweep: Sweep, interval: float) -> None:
    """Sweep every `interval` seconds. What is away is looked for again the next time."""
    is_ready = False
    while not ending.is_set():
        report = sweep()
        log.debug("swept", report=str(report))
        if not is_ready and not report.troubles:
            is_ready = True
            log.info("sweeper_ready", interval=interval)
        ending.wait(interval)


if __name__ == "__main__":
    sys.exit(main())
