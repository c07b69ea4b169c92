"""Kinds: how an operator wants an input to reach it, said in the annotation of its parameter.

A parameter without one of these gets the framework's tensor. What need only be *known*, such as
the shape that Reshape is given, comes as Python numbers: then the result depends on no data, and
can be exported with a batch that varies.
"""

from enum import Enum, auto
from typing import Annotated, Any, get_args


class Kind(Enum):
    """One way of handing over an input."""

    TENSOR = auto()  # the framework's tensor
    INTS = auto()  # a flat list of integers, some of which may be symbols
    NUMBER = auto()  # one number, or one symbol
    ARRAY = auto()  # a numpy array whose values are known when the graph is walked
    RAW = auto()  # as it is: a constant, symbols, a tensor, a list or None


Ints = Annotated[list[Any], Kind.INTS]
Number = Annotated[Any, Kind.NUMBER]
Array = Annotated[Any, Kind.ARRAY]
Raw = Annotated[Any, Kind.RAW]


def kind_of(hint: Any) -> Kind:
    """The kind that an annotation names, also within a union with None."""
    for each in (*getattr(hint, "__metadata__", ()), *get_args(hint)):
        if isinstance(each, Kind):
            return each
        found = kind_of(each) if get_args(each) else Kind.TENSOR
        if found is not Kind.TENSOR:
            return found
    return Kind.TENSOR
