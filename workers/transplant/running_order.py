"""Running order: the variables of a live model as its layers come when it is called.

PyTorch lists modules as they were written down, which says little where `forward` calls them
otherwise; so does Keras where a model's `call` is Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workers.weights.variables import Array, Framework, Layer, Variable, Weights


@dataclass(frozen=True, slots=True)
class AsRun:
    """A model's weights with their variables in the order of `calls`: the paths of its layers as
    they were called. Variables of what was never called stay behind those before them."""

    weights: Weights
    calls: Sequence[str]
    variables: Mapping[str, Variable] = field(init=False)

    def __post_init__(self) -> None:
        ranks: dict[str, int] = {}
        for each in self.calls:
            ranks.setdefault(each, len(ranks))
        last = 0
        places: dict[str, int] = {}
        for name, variable in self.weights.variables.items():
            last = places[name] = _rank(variable.scope, ranks, last)
        found = sorted(self.weights.variables, key=lambda each: places[each])
        ordered = {name: self.weights.variables[name] for name in found}
        object.__setattr__(self, "variables", ordered)

    @property
    def framework(self) -> Framework:
        return self.weights.framework

    @property
    def ordered(self) -> bool:
        return self.weights.ordered

    @property
    def ties(self) -> Mapping[str, str]:
        return self.weights.ties

    @property
    def layers(self) -> Mapping[str, Layer]:
        return self.weights.layers

    def read(self, name: str) -> Array:
        return self.weights.read(name)


def _rank(scope: str, ranks: Mapping[str, int], otherwise: int) -> int:
    """That of the innermost layer around it that was called."""
    mark = "/" if "/" in scope else "."
    while scope:
        if scope in ranks:
            return ranks[scope]
        scope = scope.rpartition(mark)[0]
    return otherwise
