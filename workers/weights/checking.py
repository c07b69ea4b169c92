"""What every sink holds a write against."""

from collections.abc import Mapping
from zlib import crc32

from shared.domain.errors import StepRefused
from workers.weights.dtypes import check_castable
from workers.weights.pieces import pieces, raw
from workers.weights.variables import Array, Variable


class Checklist:
    """Which variables there are, and which were written."""

    def __init__(self, variables: Mapping[str, Variable], ties: Mapping[str, str]) -> None:
        self.variables = variables
        self.ties = ties
        self.written: set[str] = set()
        self._shared = {*ties, *ties.values()}
        self._sums: dict[str, tuple[str, int]] = {}

    def admit(self, name: str, array: Array) -> Variable:
        """The variable that it will be, once it is known to fit.

        Raises:
            StepRefused: there is no such variable, it was written before, its shape is another,
                or its numbers are of another kind.
        """
        if name not in self.variables:
            raise StepRefused(f"The target has no variable {name!r}.", node=name)
        if name in self.written:
            raise StepRefused(f"The variable {name!r} was written twice.", node=name)
        variable = self.variables[name]
        if tuple(array.shape) != variable.shape:
            raise StepRefused(
                f"The variable {name!r} is of shape {list(variable.shape)} in the target, and"
                f" {list(array.shape)} was given.",
                node=name,
            )
        check_castable(name, array.dtype.name, variable.dtype)
        self.written.add(name)
        return variable

    def stands(self, name: str, array: Array) -> bool:
        """Whether its memory was written already, under the other name of a tie.

        Raises:
            StepRefused: with another value.
        """
        if name not in self._shared:
            return False
        root = self.ties.get(name, name)
        found = _sum(array)
        first, summed = self._sums.setdefault(root, (name, found))
        if first == name:
            return False
        if summed != found:
            raise StepRefused(
                f"The variables {first!r} and {name!r} are one in the target, and two values were"
                " given.",
                node=name,
            )
        return True

    def finish(self) -> None:
        """
        Raises:
            StepRefused: a variable has no value.
        """
        for name in self.variables:
            if name not in self.written and self.ties.get(name) not in self.written:
                raise StepRefused(f"The variable {name!r} of the target got no value.", node=name)


def _sum(array: Array) -> int:
    total = 0
    for _, piece in pieces("", array, array.dtype.name):
        total = crc32(raw(piece), total)
    return total
