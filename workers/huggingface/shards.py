"""Shards: the files that hold the weights, looked at before the model is made.

Format: https://github.com/huggingface/safetensors#format
"""

import json
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any, Final

from shared.domain.errors import InvalidModel, TruncatedFile
from workers.huggingface.folder import INDEX, SAVE, WEIGHTS

HEAD_MAX: Final = 100 << 20  # bytes, as the safetensors library has it
_SHOWN: Final = 5


def check_weights(root: Path) -> None:
    """Hold every file of weights to its own head, and all of them to the index.

    Raises:
        InvalidModel, TruncatedFile: as with `indexed` and `tensors_in`.
    """
    if (root / WEIGHTS).exists():
        tensors_in(root / WEIGHTS)
    else:
        indexed(root / INDEX)


def indexed(index: Path) -> list[Path]:
    """The shards that an index names, which are known to be there and whole after that.

    Raises:
        InvalidModel: it names files that are missing or lie elsewhere, or tensors that their
            file does not have.
        TruncatedFile: a shard ends before its tensors do.
    """
    by_file: dict[str, list[str]] = defaultdict(list)
    for name, file in _weight_map(index).items():
        by_file[file].append(name)
    missing = sorted(file for file in by_file if not (index.parent / file).is_file())
    if missing:
        raise InvalidModel(
            f"{index.name} names {len(by_file)} files, of which {len(missing)} are not there:"
            f" {', '.join(missing[:_SHOWN])}. Send all of the shards.",
            node=missing[0],
        )
    for file, names in by_file.items():
        absent = sorted(set(names) - tensors_in(index.parent / file))
        if absent:
            raise InvalidModel(
                f"{index.name} says that {file} holds {absent[0]}, and it does not. Index and"
                f" shards are of two models. {SAVE}",
                node=absent[0],
            )
    return [index.parent / file for file in by_file]


def _weight_map(path: Path) -> dict[str, str]:
    try:
        index = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InvalidModel(f"{path.name} cannot be read as JSON ({error}). {SAVE}") from error
    found = index.get("weight_map") if isinstance(index, dict) else None
    if (
        not isinstance(found, dict)
        or not found
        or not all(isinstance(file, str) for file in found.values())
    ):
        raise InvalidModel(f"{path.name} has no weight_map from tensors to files. {SAVE}")
    for file in found.values():
        pure = PurePosixPath(file)
        if pure.is_absolute() or ".." in pure.parts or not pure.name.endswith(".safetensors"):
            raise InvalidModel(
                f"{path.name} names {file!r}, which is no .safetensors file of this folder."
                " Shards lie beside their index.",
                node=file,
            )
    return found


def tensors_in(path: Path) -> set[str]:
    """The names of the tensors in a safetensors file, which is known to be whole after that.

    Raises:
        InvalidModel: its head is none.
        TruncatedFile: it ends early.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size >= 8 and length > HEAD_MAX:  # noqa: PLR2004 - bytes of the length itself
            raise InvalidModel(f"{path.name} is no safetensors file. {SAVE}", node=path.name)
        if size < 8 + length:
            raise _cut(path, size, 8 + length)
        head = _parsed(path, file.read(length))
    tensors = {name: each for name, each in head.items() if name != "__metadata__"}
    end = max((each["data_offsets"][1] for each in tensors.values()), default=0)
    if size < 8 + length + end:
        raise _cut(path, size, 8 + length + end)
    return set(tensors)


def _parsed(path: Path, head: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(head)
        for name, each in parsed.items():
            if name != "__metadata__":
                int(each["data_offsets"][1])
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise InvalidModel(
            f"The list of tensors in {path.name} is damaged ({error}). {SAVE}", node=path.name
        ) from error
    listed: dict[str, Any] = parsed
    return listed


def _cut(path: Path, size: int, wanted: int) -> TruncatedFile:
    return TruncatedFile(
        f"{path.name} ends after {size} bytes of {wanted}: the rest of its tensors is missing."
        " Send the whole file again.",
        node=path.name,
    )
