"""Units: the layers of one side, each in the readings that its variables allow.

Both frameworks are read into one canonical form, PyTorch's layouts and gate order, so that a
layer of one fits a layer of the other where both have a reading with the same key and roles.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from workers.transplant.expressions import Expression, Shape
from workers.weights.variables import Framework, Layer, Variable

MATRIX = 2
"""The rank of a dense layer's kernel."""

WINDOWED = range(3, 6)
"""The ranks of the kernels of convolutions over one to three dimensions."""


class Neutral(StrEnum):
    """What a role is where a layer does without it."""

    ZEROS = "zeros"
    ONES = "ones"


@dataclass(frozen=True, slots=True)
class Role:
    """One tensor of the canonical form. `layout` says how this side keeps it: `HWIO`."""

    shape: Shape
    gives: Expression
    layout: str = ""
    neutral: Neutral | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a unit's variables.

    `roles` are what they give; `builds` leads from each variable's name to what it is made of,
    with `Read(role)` for a role. `doubt` is 0 for what the variables say plainly. `maps` are the
    feature maps, channels last, of which a dense layer reads every point: a convolution's whole
    window.
    """

    kind: str
    roles: Mapping[str, Role]
    builds: Mapping[str, Expression]
    doubt: float = 0.0
    part: tuple[str, ...] = ()
    maps: Shape = ()

    key: tuple[str, tuple[tuple[str, Shape], ...]] = field(init=False, compare=False)
    """What must be the same on both sides: the kind, and the roles it cannot do without."""

    def __post_init__(self) -> None:
        needed = ((name, role.shape) for name, role in self.roles.items() if not role.neutral)
        object.__setattr__(self, "key", (self.kind, tuple(sorted(needed))))


@dataclass(frozen=True, slots=True)
class Group:
    """The variables of one scope, by leaf, in their order; `layer` where the file tells."""

    scope: str
    framework: Framework
    leaves: Mapping[str, Variable]
    layer: Layer | None
    part: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The class's own name, or nothing."""
        return self.layer.kind if self.layer else ""

    @property
    def tensorflow(self) -> bool:
        """Whether TensorFlow's layouts hold."""
        return self.framework is Framework.TENSORFLOW

    def leaf(self, *names: str) -> Variable | None:
        """The first of these leaves that is there."""
        return next((self.leaves[each] for each in names if each in self.leaves), None)


@dataclass(frozen=True, slots=True)
class Unit:
    """One layer of one side. `place` counts the units of that side in its order; `tokens` are
    those of its name, `ranks` the same with their numbers by rank."""

    scope: str
    part: tuple[str, ...]
    readings: tuple[Reading, ...]
    place: int
    layer: Layer | None = None
    spare: bool = False
    tokens: tuple[str, ...] = ()
    ranks: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of all its variables."""
        return tuple(dict.fromkeys(name for each in self.readings for name in each.builds))

    @property
    def kind(self) -> str:
        """Its likeliest reading's kind."""
        return self.readings[0].kind
