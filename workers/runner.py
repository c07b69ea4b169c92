"""The runner: one work order, in a child of its own, watched until nothing of it is left."""

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from typing_extensions import override

from shared.domain.errors import Crashed, MemoryExceeded
from shared.domain.faults import Fault
from shared.domain.orders import WorkOrder
from shared.domain.outcomes import Broke, Disagreed, Limit, Outcome, Overran, Refused
from shared.domain.plans import Action, Verify
from shared.ports import Runner, Usage
from workers.birth import Request
from workers.gpus import VISIBLE
from workers.hearth import Hearth
from workers.limits import Limits
from workers.results import outcome_of
from workers.watch import Hear, Watch

OUT_OF_MEMORY: Final = ("MemoryError", "std::bad_alloc")


class ChildRunner(Runner):
    """Runs orders in children of the fork server.

    Args:
        log_limit: bytes of a child's output that are passed on.
        environment: the variables that an action's child needs before its first import; an
            action with any gets a fresh process.
        grace: seconds that an action's child has to end by itself when it is stopped.
    """

    def __init__(
        self,
        hearth: Hearth,
        limits: Limits,
        *,
        log_limit: int,
        environment: Callable[[Action], Mapping[str, str]] = lambda _: {},
        grace: Callable[[Action], float] = lambda _: 0.0,
    ) -> None:
        self._hearth = hearth
        self._limits = limits
        self._log_limit = log_limit
        self._environment = environment
        self._grace = grace

    @override
    def run(
        self, order: WorkOrder, folder: Path, *, hear: Hear, stop: Callable[[], bool]
    ) -> tuple[Outcome, Usage]:
        order = order.model_copy(update={"seconds": self._limits.seconds})
        (folder / "order.json").write_text(order.model_dump_json(), encoding="utf-8")
        try:
            strand = self._hearth.fork(self._request(order, folder))
        except Crashed as error:
            return Broke(error.fault), Usage(seconds=0, peak_memory=0)
        watch = Watch(
            strand,
            self._limits,
            folder,
            hear,
            log_limit=self._log_limit,
            grace=self._grace(order.action),
        )
        try:
            cut_short = watch.until_end(stop)
        finally:
            watch.close()
        outcome = cut_short or self._judge(order, folder, watch)
        if isinstance(outcome, Broke | Overran):
            outcome = _disagreed(order, folder) or outcome
        return outcome, watch.usage

    def _request(self, order: WorkOrder, folder: Path) -> Request:
        needed = dict(self._environment(order.action))
        return Request(
            folder=str(folder),
            memory=None if order.gpu else self._limits.memory,
            disk=self._limits.disk,
            environment=needed | {VISIBLE: order.gpu.uuid if order.gpu else ""},
            fresh=bool(needed),
        )

    def _judge(self, order: WorkOrder, folder: Path, watch: Watch) -> Outcome:
        match _told(order, folder, watch.status):
            case Refused(fault=fault) | Broke(fault=fault) if _ran_out(fault, watch.last_words):
                return watch.over(Limit.MEMORY)
            case Refused() | Broke() if watch.is_full:
                return watch.over(Limit.OUTPUT)
            case Broke(fault=fault) if fault.code == Crashed.code and watch.last_words:
                return Broke(Crashed(f"{fault.detail} Its last words:\n{watch.last_words}").fault)
            case outcome:
                return outcome


def _disagreed(order: WorkOrder, folder: Path) -> Outcome | None:
    """The disagreement that a child had found, if it died while it looked for the reason."""
    if not isinstance(order.action, Verify):
        return None
    try:
        found = outcome_of(folder, order)
    except Crashed:
        return None
    return found if isinstance(found, Disagreed) else None


def _told(order: WorkOrder, folder: Path, status: int | None) -> Outcome:
    if status != 0:
        return Broke(Crashed(_obituary(status)).fault)
    try:
        return outcome_of(folder, order)
    except Crashed as error:
        return Broke(error.fault)


def _obituary(status: int | None) -> str:
    if status is None:
        return "The process that kept the step was killed."
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"The process that ran the step ended with status {code} and no result."
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"The process that ran the step was killed by {name}."


def _ran_out(fault: Fault, last_words: str) -> bool:
    """Whether memory was short: the child says so, or it died with the words of one who was."""
    if fault.code == MemoryExceeded.code:
        return True
    return fault.code == Crashed.code and any(word in last_words for word in OUT_OF_MEMORY)
