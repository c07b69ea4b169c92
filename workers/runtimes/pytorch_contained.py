"""Contained: calls into a package's own code, of which nothing is left but what they return."""

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

from typing_extensions import override

from shared.domain.errors import InvalidModel

T = TypeVar("T")


class _Nowhere(io.TextIOBase):
    """Takes whatever is printed, and keeps none of it."""

    @override
    def write(self, text: str) -> int:
        return len(text)


@contextlib.contextmanager
def contained() -> Iterator[None]:
    """Let the package's code print, change the working directory and ask to leave: its words are
    no progress of the step's, and neither its folder nor its life is the package's to choose."""
    folder = Path.cwd()
    leave, here = os._exit, os.getpid()

    def stay(status: int) -> NoReturn:
        if os.getpid() != here:  # a process of the package's own
            leave(status)
        raise SystemExit(status)

    os._exit = stay
    try:
        with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
            yield
    finally:
        os._exit = leave
        os.chdir(folder)


def guarded(function: Callable[[], T], folder: Path, what: str) -> T:
    """What the function of the package returns.

    Args:
        folder: the package's; its files can be imported meanwhile.
        what: the beginning of the sentence that says what went wrong; its first word is the node.

    Raises:
        InvalidModel: it raises, or asks to leave; in which line is said.
        MemoryError: memory was short.
    """
    sys.path.insert(0, str(folder))
    try:
        with contained():
            return function()
    except MemoryError:
        raise
    except BaseException as error:
        reason = (str(error).strip().splitlines() or ["no message"])[0]
        raise InvalidModel(
            f"{what}{_line_of(error, folder)}: {type(error).__name__}: {reason[:300]}",
            node=what.partition(" ")[0],
        ) from error
    finally:
        if str(folder) in sys.path:
            sys.path.remove(str(folder))


def _line_of(error: BaseException, folder: Path) -> str:
    """Where in the package it happened, innermost."""
    if isinstance(error, SyntaxError) and error.lineno and error.filename:
        return _place(Path(error.filename), error.lineno, folder)
    places = []
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(folder):
            places.append(_place(path, trace.tb_lineno, folder))
        trace = trace.tb_next
    return places[-1] if places else ""


def _place(path: Path, line: int, folder: Path) -> str:
    inner = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    return f" (line {line})" if inner == "model.py" else f" ({inner} line {line})"
