"""`python -m workers`: one worker, until SIGTERM."""

import sys

from shared.settings import SettingsError, load
from shared.telemetry import configure
from workers.app import run


def main() -> int:
    try:
        settings = load()
        configure(settings.log_level, settings.log_format)
        return run(settings)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
