"""`python -m workers.alive`: exit 0 while a worker on MODELFERRY_WORK_DIR has a beating heart."""

import sys
import time

from shared.settings import load
from workers.scratch import MARK


def main() -> int:
    """A worker whose heart has not beaten for a lease term has lost its steps: exit 1."""
    settings = load()
    beats = [mark.stat().st_mtime for mark in settings.work_dir.glob(f"*/{MARK}")]
    return 0 if beats and time.time() - max(beats) < settings.lease_term else 1


if __name__ == "__main__":
    sys.exit(main())
