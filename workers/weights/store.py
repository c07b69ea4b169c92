"""Stores: the variables of a file, as any reader of this room gives them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workers.weights.variables import Array, Framework, Layer, Variable


@dataclass(frozen=True, slots=True)
class Store:
    """Weights of a file. `notes` say what of the file was left out, and why, a sentence each."""

    framework: Framework
    variables: Mapping[str, Variable]
    reader: Callable[[str], Array]
    ordered: bool = True
    ties: Mapping[str, str] = field(default_factory=dict)
    layers: Mapping[str, Layer] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def read(self, name: str) -> Array:
        """See Weights.

        Raises:
            KeyError: the file has no such variable.
            InvalidModel: the file ends before it, or a part of it is missing.
        """
        return self.reader(name)
