"""Pickles of torch, read without torch and without running anything.

Every name that a pickle would import stands for an inert object here: what it says of tensors is
kept, and nothing is called. Tensors stay where they are, in the members beside the pickle.
"""

import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final, Self

from typing_extensions import override

from shared.domain.errors import InvalidModel

STORAGES: Final[Mapping[str, str]] = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "UntypedStorage": "uint8",
}
"""Types of elements by the class of the storage."""

BROKEN: Final = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What Python's unpickler raises when the bytes are damaged."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor: `offset` and `strides` in elements of the storage named `key`."""

    key: str
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class Inert:
    """Stands for an object of any class; `kind` is its class's full name."""

    kind = ""

    def __new__(cls, *_args: Any, **_settings: Any) -> Self:
        """Whatever the pickle would have called it with."""
        return super().__new__(cls)

    def __init__(self, *args: Any, **_settings: Any) -> None:
        self.args = args

    def __setstate__(self, state: Any) -> None:
        """Keep attributes; what else there is, as numpy's types have it, says nothing here."""
        if isinstance(state, dict):
            self.__dict__.update({str(name): value for name, value in state.items()})

    def __setitem__(self, key: Any, value: Any) -> None:
        self.__dict__[str(key)] = value

    def append(self, _item: Any) -> None:
        """Take an item as a list does, and forget it."""

    def extend(self, _items: Any) -> None:
        """Take items as a list does, and forget them."""

    def add(self, _item: Any) -> None:
        """Take an item as a set does, and forget it."""


def load(stream: IO[bytes]) -> Any:
    """The object, made of dicts, lists, `Stored` tensors and `Inert` for all else.

    Raises:
        InvalidModel: the bytes are no pickle.
    """
    try:
        return _Reader(stream).load()
    except BROKEN as error:
        raise InvalidModel(
            f"The pickle of the file is damaged ({type(error).__name__}: {error}). Save it again."
        ) from error


def attributes(node: Any) -> Iterator[tuple[str, Any]]:
    """What an inert object was given as its state, in order."""
    for name, value in vars(node).items():
        if name != "args":
            yield name, value


class _Reader(pickle.Unpickler):
    @override
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch", "Size"):
            return tuple
        if name in STORAGES and module in {"torch", "torch.storage"}:
            return STORAGES[name]
        if module == "torch._utils" and name in _REBUILDERS:
            return _REBUILDERS[name]
        if module == "torch" and name.islower():
            return name
        return type(name, (Inert,), {"kind": f"{module}.{name}"})

    @override
    def persistent_load(self, pid: Any) -> Any:
        _, dtype, key, *_ = pid
        return str(key), str(dtype)


def _tensor_v2(storage: Any, offset: int, shape: Any, strides: Any, *rest: Any) -> Stored:
    key, dtype = storage
    _refuse_lazy(rest[2:])
    return Stored(key, dtype, int(offset), _ints(shape), _ints(strides))


def _tensor_v3(storage: Any, offset: int, shape: Any, strides: Any, *rest: Any) -> Stored:
    _requires_grad, _hooks, dtype, *metadata = rest
    _refuse_lazy(metadata)
    return Stored(storage[0], str(dtype), int(offset), _ints(shape), _ints(strides))


def _refuse_lazy(metadata: Sequence[Any]) -> None:
    """A conjugate or a negative that torch put off: the bytes are those of the other tensor."""
    bits = sorted(name for each in metadata if each for name, is_set in each.items() if is_set)
    if bits:
        raise InvalidModel(
            f"A tensor of the file is stored with torch's {bits[0]} bit, as a view whose numbers"
            " were never worked out. Save tensor.resolve_conj().resolve_neg() in its place."
        )


def _parameter(data: Any, *_rest: Any) -> Any:
    return data


def _ints(given: Any) -> tuple[int, ...]:
    return tuple(int(each) for each in given)


_REBUILDERS: Final[Mapping[str, Callable[..., Any]]] = {
    "_rebuild_tensor": _tensor_v2,
    "_rebuild_tensor_v2": _tensor_v2,
    "_rebuild_tensor_v3": _tensor_v3,
    "_rebuild_parameter": _parameter,
    "_rebuild_parameter_with_state": _parameter,
}
