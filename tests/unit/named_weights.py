"""Weights of names and shapes alone: what mapping files are followed on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.weights.variables import Array, Framework, Layer, Variable


@dataclass(frozen=True)
class NamedWeights:
    framework: Framework
    shapes: Mapping[str, tuple[int, ...]]
    arrays: Mapping[str, Array] = field(default_factory=dict)
    ordered: bool = True
    ties: Mapping[str, str] = field(default_factory=dict)
    layers: Mapping[str, Layer] = field(default_factory=dict)

    @property
    def variables(self) -> Mapping[str, Variable]:
        return {name: Variable(name, shape, "float32") for name, shape in self.shapes.items()}

    def read(self, name: str) -> Array:
        return self.arrays[name]


def tensorflow(shapes: Mapping[str, tuple[int, ...]]) -> NamedWeights:
    return NamedWeights(Framework.TENSORFLOW, shapes)


def pytorch(shapes: Mapping[str, tuple[int, ...]]) -> NamedWeights:
    return NamedWeights(Framework.PYTORCH, shapes)
