"""The keeper: a process between the fork server and a step's child, for as long as that lives.

It is there so that nothing outlives a step: orphans of the child come to it, whatever session
they made for themselves, and it ends all of them when the child ends, when the runner says so,
or when the runner is no more. The last two are one thing to it: the end of its lifeline.
"""

import json
import os
import resource
import select
import signal
import socket
from contextlib import suppress
from typing import Final, NoReturn

from workers.birth import Request, be_child
from workers.kernel import adopt_orphans
from workers.processes import descendants, resident

PAUSE: Final = 0.005
"""Seconds between two rounds of killing, for descendants that were forked meanwhile."""


def keep(
    request: Request, lifeline: socket.socket, *, log: int, notes: int, entry: str
) -> NoReturn:
    """Fork the child, wait for its end or the lifeline's, leave no descendant, tell the cost."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    adopt_orphans()
    keeper = os.getpid()
    shared = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    inherited = 0 if request.fresh else resident(keeper)
    child = os.fork()
    if child == 0:
        lifeline.close()
        be_child(request, parent=keeper, log=log, notes=notes, entry=entry)
    os.close(log)
    os.close(notes)
    _tell(lifeline, keeper=keeper, inherited=inherited)
    _await_end(child, lifeline)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)  # a zombie that has ended by itself does not mind
    _, ended, usage = os.wait4(child, 0)
    _clear()
    peak = max(0, usage.ru_maxrss - shared) * 1024
    _tell(lifeline, status=ended, peak=peak)
    os._exit(0)


def _await_end(child: int, lifeline: socket.socket) -> None:
    ending = os.pidfd_open(child)
    poll = select.poll()
    poll.register(ending, select.POLLIN)
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    poll.poll()
    os.close(ending)


def _clear() -> None:
    """Kill what is left below, until the kernel says that there is nothing left to wait for."""
    while True:
        for pid in descendants(os.getpid()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        select.select((), (), (), PAUSE)


def _tell(lifeline: socket.socket, **facts: int) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # the runner is no more
        lifeline.send(json.dumps(facts).encode())
