"""Birth: how a process forked from the warm one becomes the child of one step.

Run as a program, it is that child in a process of its own: `python -m workers.birth ENTRY
FOLDER NOTES_FD`, for steps whose environment decides what an import yields.
"""

import os
import signal
import sys
import tempfile
import traceback
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from workers.kernel import die_with
from workers.limits import confine


@dataclass(frozen=True, slots=True)
class Request:
    """What the runner asks of the fork server.

    The variables of `environment` are set in the child; a `fresh` child is no fork, so that
    they are there before its first import. Without a `memory` no cap is set on it.
    """

    folder: str
    memory: int | None
    disk: int
    environment: dict[str, str]
    fresh: bool


def be_child(request: Request, *, parent: int, log: int, notes: int, entry: str) -> NoReturn:
    """Leave the forked process's past behind, give up its rights and run the order."""
    try:
        os.setsid()
        die_with(parent)
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(each, signal.SIG_DFL)
        _redirect(log)
        scratch = Path(request.folder) / "tmp"
        scratch.mkdir(mode=0o700)
        os.chdir(request.folder)
        own = {"HOME": request.folder, "TMPDIR": str(scratch)} | request.environment
        confine(request.memory, request.disk)
        if request.fresh:
            os.set_inheritable(notes, True)  # noqa: FBT003 - its only argument
            command = ("-P", "-m", "workers.birth", entry, request.folder, str(notes))
            os.execve(  # noqa: S606 - the command is ours, and a shell has no place here
                sys.executable, (sys.executable, *command), os.environ | own
            )
        os.environ.update(own)
        tempfile.tempdir = None  # forget the fork server's choice
        code = _run(entry, Path(request.folder), notes)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - no exception may carry a fork back into the server
        traceback.print_exc()
        code = 1
    os._exit(code)


def _redirect(log: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def _run(entry: str, folder: Path, notes: int) -> int:
    code: int = import_module(entry).main(folder, notes)
    return code


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
