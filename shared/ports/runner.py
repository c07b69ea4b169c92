"""Runner: the one who carries out a work order."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from shared.domain.orders import ProgressNote, WorkOrder
from shared.domain.outcomes import Outcome
from shared.ports.steps import Usage


class Runner(Protocol):
    """Carry out one work order where it can hurt nobody."""

    def run(
        self,
        order: WorkOrder,
        folder: Path,
        *,
        hear: Callable[[ProgressNote | str], None],
        stop: Callable[[], bool],
    ) -> tuple[Outcome, Usage]:
        """Run the order in its folder, which holds the inputs already.

        `hear` is given progress notes and log lines as they come; `stop` is polled several
        times a second, and True ends the child and its kin. A convert's Produced carries no
        artifact yet: the caller stores `folder / order.output`.
        """
        ...
