"""Live: the weights of one model put into another in a process of one's own."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from typing_extensions import override

from shared.domain.errors import InvalidOptions
from workers.transplant.agreement import agreement
from workers.transplant.carrying import carry
from workers.transplant.deciding import insist, into_template, noted
from workers.transplant.examples import Example
from workers.transplant.moves import Left, Move, Transfer
from workers.transplant.report import report
from workers.transplant.report import told as as_text
from workers.transplant.running import Decided, by_running
from workers.transplant.saving import saved
from workers.transplant.sources import live, opened

UNPROVEN: Final = 0.5
"""The confidence below which a variable is asked about where there is no example to run: the
order of equal layers is enough for who has both models at hand, and the table shows it."""

DISPROVEN: Final = 0.72
"""The same where both were run on inputs drawn at random, and did not agree."""

AT_ODDS: Final = (
    "on inputs drawn at random the two models' outputs differ by {:.1e}, relative to the largest"
    " number: they may not do the same with what they are given, or some of this is mapped"
    " wrongly; an example shows where"
)


@dataclass(frozen=True, slots=True)
class Transplanted:
    """What became of every variable; printed, a table.

    `error` is the largest relative error of any output, where both models were run: on the
    example, or on inputs drawn at random, where both took such.
    `mapping_file` is the mapping as YAML, to be edited and given as `mapping`; `told` is the
    whole as JSON can hold it.
    """

    transfer: Transfer
    told: dict[str, Any] = field(repr=False)
    mapping_file: str = field(repr=False)
    error: float | None = None

    @property
    def moves(self) -> tuple[Move, ...]:
        """In the order of the target's variables."""
        return self.transfer.moves

    @property
    def unmapped(self) -> tuple[Left, ...]:
        """What is missing on either side. Counters and slots of an optimizer are not."""
        sides = (*self.transfer.unread, *self.transfer.unfilled)
        return tuple(each for each in sides if not each.meant)

    @override
    def __str__(self) -> str:
        ran = "" if self.error is None else f"\nlargest relative error: {self.error:.1e}"
        return f"{as_text(self.transfer)}{ran}"


def transplanted(
    source: Any, target: Any, *, mapping: str | None, dry_run: bool, example: Example
) -> Transplanted:
    """See `workers.transplant.transplant`."""
    into = live(target)
    if into is None:
        raise InvalidOptions(
            f"The target is {type(target).__name__}, neither a keras.Model nor a torch.nn.Module.",
            field="target",
        )
    origin = live(source)
    decided = None
    with opened(source) as weights:
        if mapping is None and origin is not None and origin.framework is not into.framework:
            decided = by_running(origin, into, example, keep=not dry_run)
        found = decided.transfer if decided else into_template(weights, into, mapping)
        if decided is not None and decided.error is not None and decided.at_odds:
            found = replace(found, notes=(*found.notes, AT_ODDS.format(decided.error)))
        transfer = noted(found, weights)
        told = report(transfer, weights, into)
        text = saved(transfer, weights.framework, into.framework)
        if dry_run:
            return Transplanted(transfer, told, text)
        insist(transfer, least=_least(decided, example), apart=decided.error if decided else None)
        carry(transfer, weights, into, _unheard)
    if example is None or (decided is not None and decided.agrees):
        return Transplanted(transfer, told, text, decided.error if decided else None)
    if origin is None:
        raise InvalidOptions(
            "An example wants two live models, and the source is none.", field="example"
        )
    return Transplanted(transfer, told, text, agreement(origin, into, transfer, example))


def _least(decided: Decided | None, example: Example) -> float:
    if example is not None or (decided is not None and decided.agrees):
        return 0.0
    return DISPROVEN if decided is not None and decided.at_odds else UNPROVEN


def _unheard(message: str, /, *, progress: float | None = None) -> None:
    del message, progress
