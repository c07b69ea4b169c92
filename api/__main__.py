"""`python -m api`: serve until SIGTERM."""

import resource
import sys

from api.server import Server
from shared.settings import SettingsError, load
from shared.telemetry import configure

FILES = 1 << 16
"""Connections wanted at most: each watcher is one open file."""


def main() -> int:
    """Read the settings and serve.

    Returns:
        2 where a setting is missing or wrong; standard error names it.
    """
    try:
        settings = load()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    configure(settings.log_level, settings.log_format)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    Server(settings).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
