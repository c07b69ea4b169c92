"""Pickles: read as a list of opcodes, never run.

Source: pickletools in the standard library, which decodes opcodes without acting on them.
"""

import pickletools
from collections import deque
from typing import IO, Final

from typing_extensions import override

from shared.domain.errors import BadUpload, TruncatedFile

PROTOCOLS: Final = tuple(bytes((0x80, version)) for version in range(2, 6))
TORCH_LEGACY: Final = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch.save wrote before zips: its magic number, pickled."""

_PREAMBLE: Final = 3  # magic number, version, sizes of the writer's integers
_LIMIT: Final = 64 << 20  # bytes of one file's pickles; tensors lie outside of them
_UNKNOWN: Final = "?"

_WEIGHTS: Final = ("torch._utils._rebuild_", "torch._tensor._rebuild_")
_PLAIN: Final = frozenset(
    {
        "collections.OrderedDict",
        "collections.defaultdict",
        "torch.Size",
        "torch.device",
        "torch.dtype",
        "torch.per_channel_affine",
        "torch.per_channel_affine_float_qparams",
        "torch.per_channel_symmetric",
        "torch.per_tensor_affine",
        "torch.per_tensor_symmetric",
        "torch.nn.parameter.Parameter",
        "torch.serialization._get_layout",
        "torch.storage._load_from_bytes",
        "torch.storage.UntypedStorage",
        "torch.storage.TypedStorage",
        "numpy.ndarray",
        "numpy.dtype",
        "_codecs.encode",
    }
)
_PLAIN_SUFFIXES: Final = (".multiarray._reconstruct", ".multiarray.scalar", ".numeric._frombuffer")
_BUILTINS: Final = frozenset(
    {"set", "frozenset", "list", "dict", "tuple", "int", "float", "bytes"}
)
_DTYPES: Final = ("float", "bfloat", "int", "uint", "complex", "qint", "quint", "bool")


class _Limited:
    """A reader that ends after `_LIMIT` bytes and remembers whether anything ran into an end."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner
        self._left = _LIMIT
        self.exhausted = False

    def read(self, count: int) -> bytes:
        return self._counted(self._inner.read(min(count, self._left)), count)

    def readline(self) -> bytes:
        line = self._inner.readline(self._left)
        return self._counted(line, len(line) if line.endswith(b"\n") else len(line) + 1)

    def tell(self) -> int:
        return _LIMIT - self._left

    def _counted(self, data: bytes, wanted: int) -> bytes:
        self._left -= len(data)
        self.exhausted |= len(data) < wanted
        if not self._left:
            raise BadUpload(f"The pickle is larger than {_LIMIT} bytes, which no model needs.")
        return data


class Pickle:
    """What one pickle would import if it were loaded, by dotted name."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    @override
    def __repr__(self) -> str:
        return f"Pickle({sorted(self.names)})"

    @property
    def holds_weights(self) -> bool:
        return any(name.startswith(_WEIGHTS) for name in self.names)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names that are more than tensors and containers; a module's own come first."""
        strange = [name for name in self.names if not _is_plain(name)]
        return tuple(sorted(strange, key=lambda name: (name.startswith("torch."), name)))


def scan(reader: IO[bytes]) -> Pickle | None:
    """The object that a file holds: torch's preamble, where there is one, is stepped over.

    Returns:
        None when the bytes are no pickle.

    Raises:
        TruncatedFile: the pickle has no end.
        BadUpload: it is enormous.
    """
    limited = _Limited(reader)
    start = reader.tell()
    legacy = reader.read(len(TORCH_LEGACY)) == TORCH_LEGACY
    reader.seek(start)
    names: frozenset[str] = frozenset()
    try:
        for _ in range(_PREAMBLE + 1 if legacy else 1):
            names = _imports(limited)
    except (ValueError, IndexError, OverflowError, UnicodeError) as error:
        if limited.exhausted:
            raise TruncatedFile("The pickle ends too early. Send the whole file again.") from error
        return None
    return Pickle(names)


def _imports(reader: _Limited) -> frozenset[str]:
    names: set[str] = set()
    memo: dict[int, str | None] = {}
    top: deque[str | None] = deque((None, None), maxlen=2)
    for opcode, argument, _ in pickletools.genops(reader):  # type: ignore[arg-type]  # it needs read, readline and tell only
        match opcode.name:
            case "GLOBAL" | "INST":
                names.add(str(argument).replace(" ", "."))
                top.append(None)
            case "STACK_GLOBAL":
                names.add(".".join(part or _UNKNOWN for part in top))
                top.append(None)
            case "EXT1" | "EXT2" | "EXT4":
                names.add(f"copyreg extension {argument}")
                top.append(None)
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                memo[int(str(argument))] = top[-1]
            case "MEMOIZE":
                memo[len(memo)] = top[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                top.append(memo.get(int(str(argument))))
            case "PROTO" | "FRAME":
                pass
            case _:
                top.append(argument if isinstance(argument, str) else None)
    return frozenset(names)


def _is_plain(name: str) -> bool:
    module, _, last = name.rpartition(".")
    if module in {"builtins", "__builtin__"}:
        return last in _BUILTINS
    if module == "torch":
        return last.endswith("Storage") or last.startswith(_DTYPES) or name in _PLAIN
    return (
        name in _PLAIN
        or name.startswith(_WEIGHTS)
        or (module.startswith("numpy.") and name.endswith(_PLAIN_SUFFIXES))
    )
