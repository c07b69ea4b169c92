"""Variables: what a store of weights holds, and how it is read and written."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from numpy.typing import NDArray

Array = NDArray[Any]


class Framework(StrEnum):
    """Whose names and layouts the variables have."""

    TENSORFLOW = "tensorflow"
    PYTORCH = "pytorch"


@dataclass(frozen=True, slots=True)
class Variable:
    """One tensor of a model. `dtype` is numpy's name of it, or that of ml_dtypes.

    `name` is what users of the framework call it: `conv1/kernel`, `layer1.0.conv1.weight`.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def scope(self) -> str:
        """The layer or module that it belongs to: the name without its last part."""
        return self.name.rpartition("/" if "/" in self.name else ".")[0]

    @property
    def leaf(self) -> str:
        """The last part of the name: `kernel`, `weight`."""
        return self.name.rpartition("/" if "/" in self.name else ".")[2]


@dataclass(frozen=True, slots=True)
class Layer:
    """What a file says of the layer at a scope. `kind` is its class's own name: `Conv2D`.

    `settings` are those that tell how its variables lie: `reset_after`, `num_heads`, and those
    that change what it computes, such as `epsilon`.
    """

    kind: str
    settings: Mapping[str, Any]


class Weights(Protocol):
    """The variables of one file or live model, each read when it is asked for.

    `variables` come in the order of the model where `ordered`, else in that of the file.
    `ties` leads from the name of a variable that shares its memory with an earlier one to that
    one's name; both are in `variables`. `layers` are by scope, empty where the file does not
    tell.
    """

    @property
    def framework(self) -> Framework: ...
    @property
    def variables(self) -> Mapping[str, Variable]: ...
    @property
    def ordered(self) -> bool: ...
    @property
    def ties(self) -> Mapping[str, str]: ...
    @property
    def layers(self) -> Mapping[str, Layer]: ...
    def read(self, name: str) -> Array:
        """One variable, of its shape and dtype. The array may be a view of the file: read only.

        Raises:
            InvalidModel: the file ends before it, or a part of it is missing.
        """
        ...


class Sink(Protocol):
    """Takes the variables of a result, one at a time and in any order, each once."""

    def write(self, name: str, array: Array) -> None:
        """Write one variable, cast to the dtype that the sink has for it.

        Raises:
            StepRefused: there is no such variable, its shape is another, or the dtype cannot
                hold it.
        """
        ...
