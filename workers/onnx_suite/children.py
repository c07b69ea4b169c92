"""Children: a process for each case, forked from this one, which has imported and never run.

The result comes back in a file in memory; a child that leaves none there has crashed.
"""

import gc
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NoReturn

from pydantic import ValidationError

from workers.kernel import die_with
from workers.limits import confine
from workers.onnx_suite.cases import Case
from workers.onnx_suite.results import Result, Status

MEMORY: Final = 8 << 30
DISK: Final = 4 << 30
BROKEN_POLL: Final = 0.05
"""Seconds to wait at least: a deadline in the past must not make the loop spin."""

Judge = Callable[[Case], Result]


@dataclass(frozen=True, slots=True)
class _Child:
    case: Case
    pid: int
    ending: int
    answer: int
    began: float


def run_all(
    cases: Sequence[Case], judge: Judge, *, jobs: int, seconds: float, verbose: bool
) -> Iterator[Result]:
    """Each case's result, as they come in.

    Args:
        jobs: how many run at once.
        seconds: what one may take; it is killed then, with all its kin.
        verbose: whether the children's own words go to standard error.
    """
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page that it shares
    waiting = list(reversed(cases))
    running: list[_Child] = []
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append(_fork(waiting.pop(), judge, verbose=verbose))
        first = min(child.began for child in running) + seconds
        _wait(running, max(first - time.monotonic(), BROKEN_POLL))
        now = time.monotonic()
        for child in tuple(running):
            ended = _has_ended(child)
            if ended or now - child.began > seconds:
                running.remove(child)
                yield _settle(child, late=not ended)


def _fork(case: Case, judge: Judge, *, verbose: bool) -> _Child:
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    answer = os.memfd_create("answer")
    pid = os.fork()
    if pid == 0:
        _be_child(case, judge, parent, answer, verbose=verbose)
    return _Child(case, pid, os.pidfd_open(pid), answer, time.monotonic())


def _be_child(case: Case, judge: Judge, parent: int, answer: int, *, verbose: bool) -> NoReturn:
    try:
        os.setsid()
        die_with(parent)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(2 if verbose else nothing, 1)
        os.dup2(2 if verbose else nothing, 2)
        confine(MEMORY, DISK)
        result = judge(case)
        os.write(answer, result.model_dump_json().encode())
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - no exception may carry a fork back into the loop
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _wait(running: Sequence[_Child], seconds: float) -> None:
    poll = select.poll()
    for child in running:
        poll.register(child.ending, select.POLLIN)
    poll.poll(seconds * 1000)


def _has_ended(child: _Child) -> bool:
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _settle(child: _Child, *, late: bool) -> Result:
    for kill in (os.killpg, os.kill):  # the group is there once the child has made it
        with suppress(ProcessLookupError):
            kill(child.pid, signal.SIGKILL)
    _, status = os.waitpid(child.pid, 0)
    os.close(child.ending)
    size = os.fstat(child.answer).st_size
    raw = os.pread(child.answer, size, 0)
    os.close(child.answer)
    name, took = child.case.name, round(time.monotonic() - child.began, 3)
    if late:
        told = f"still running after {took:.0f} s"
        return Result(name=name, status=Status.TIMEOUT, seconds=took, reason=told)
    try:
        return Result.model_validate_json(raw)
    except ValidationError:
        return Result(name=name, status=Status.CRASHED, seconds=took, reason=_death(status))


def _death(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"the process ended with status {code} and no result"
    return f"the process was killed by {signal.Signals(-code).name}"
