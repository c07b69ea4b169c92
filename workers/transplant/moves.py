"""Moves: the whole of a mapping, one target variable at a time."""

from dataclasses import dataclass

from workers.transplant.expressions import Expression


@dataclass(frozen=True, slots=True)
class Move:
    """`target` becomes `value`. `words` say the layout change: `HWIO → OIHW`, `as it is`.

    `confidence` runs from 0 to 1: 1 where a mapping file says so. `because` says what spoke for
    it: the rule, or the names and places that agreed.
    """

    target: str
    value: Expression
    words: str
    confidence: float
    because: str


@dataclass(frozen=True, slots=True)
class Left:
    """A variable that was not mapped, and why.

    `meant` where nothing is missing for it: an optimizer's slot, a counter, what a mapping file
    skips. A transfer with others left is not complete.
    """

    name: str
    why: str
    meant: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """An assignment that could as well be another: targets, and the sources that they may have."""

    targets: tuple[str, ...]
    sources: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Moves in the order of the target's variables, and what is left on both sides."""

    moves: tuple[Move, ...]
    unread: tuple[Left, ...] = ()
    unfilled: tuple[Left, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Every variable of both sides is mapped or left out on purpose."""
        return not self.questions and all(each.meant for each in (*self.unread, *self.unfilled))
