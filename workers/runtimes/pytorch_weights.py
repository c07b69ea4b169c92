"""The weights of a source package: found and judged before any of its code runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel, PickledModule, UnknownFormat
from shared.domain.folders import PICKLES
from shared.domain.formats import STATE_DICT
from shared.domain.pickles import PROTOCOLS
from shared.domain.recognition import recognise
from shared.domain.zips import LOCAL
from workers.huggingface.shards import indexed, tensors_in

INDEX: Final = ".safetensors.index.json"
PREFIXES: Final = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before every name."""

WRAPPERS: Final = ("state_dict", "model_state_dict", "model")
"""Where checkpoints of training keep the model's own weights."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One set of tensors: a file, or the shards of an index. `name` is told to people."""

    name: str
    files: tuple[Path, ...]

    def read(self) -> dict[str, Any]:
        """Tensors by name, without wrappers and prefixes.

        Raises:
            InvalidModel: it holds no tensors by name, or cannot be read.
        """
        found: dict[str, Any] = {}
        for path in self.files:
            found |= _loaded(path)
        return _unprefixed(found)


def weights_in(folder: Path) -> tuple[Weights, ...]:
    """All sets of weights of a package.

    Raises:
        PickledModule: one of its files would run code if it were loaded.
        InvalidModel, TruncatedFile: a file or a shard is missing or cut.
    """
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    indexes = [each for each in files if each.name.endswith(INDEX)]
    shards = {index: indexed(index) for index in indexes}
    taken = {path for paths in shards.values() for path in paths}
    sets = [Weights(index.name, tuple(paths)) for index, paths in shards.items()]
    for path in files:
        if path in taken or not _is_weights(path):
            continue
        sets.append(Weights(path.relative_to(folder).as_posix(), (path,)))
    return tuple(sets)


def _is_weights(path: Path) -> bool:
    if path.suffix == ".safetensors":
        tensors_in(path)
        return True
    if path.suffix not in PICKLES:
        return False
    try:
        with path.open("rb") as reader:
            if not reader.read(4).startswith((LOCAL, *PROTOCOLS)):
                return False  # a file of the package's own, for its own code to read
            return recognise(reader, said=None, name=path.name).format == STATE_DICT
    except PickledModule as error:
        raise PickledModule(
            f"{path.name} in the package is a pickle that runs code when it is loaded. Such files"
            " are never opened here. Save the weights alone: torch.save(model.state_dict(),"
            " path), or as safetensors.",
            node=path.name,
        ) from error
    except UnknownFormat:
        return False


def _loaded(path: Path) -> Mapping[str, Any]:
    import torch

    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        tensors: Mapping[str, Any] = load_file(path)
        return tensors
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InvalidModel(
            f"{path.name} cannot be loaded as weights ({type(error).__name__}). Save"
            " model.state_dict() with torch.save, or as safetensors.",
            node=path.name,
        ) from error
    tensors = _tensors(held)
    if not tensors:
        raise InvalidModel(
            f"{path.name} holds no tensors by name. Save model.state_dict() with torch.save, or as"
            " safetensors.",
            node=path.name,
        )
    return tensors


def _tensors(held: Any) -> dict[str, Any]:
    import torch

    if not isinstance(held, Mapping):
        return {}
    inner = next((held[name] for name in WRAPPERS if isinstance(held.get(name), Mapping)), held)
    return {
        str(name): each.detach() for name, each in inner.items() if isinstance(each, torch.Tensor)
    }


def _unprefixed(tensors: dict[str, Any]) -> dict[str, Any]:
    for prefix in PREFIXES:
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): each for name, each in tensors.items()}
    return tensors


def fill(module: Any, weights: Weights) -> bool:
    """Give a module the weights whose names are its own; whether they were. Of quantised weights
    a module that is not gets the numbers that they stand for.

    A build() that loads them itself loses nothing by it. Where names agree in part, and not one
    tensor is that of the file, nobody has loaded it. What else a module's state holds, as packed
    layers have it, no file gives it by name.

    Raises:
        InvalidModel: nobody has, and not all names agree.
    """
    import torch

    state = module.state_dict()
    own = {name: each for name, each in state.items() if isinstance(each, torch.Tensor)}
    tensors = {name: _fitting(each, own.get(name)) for name, each in weights.read().items()}
    missing = sorted(state.keys() - tensors.keys() - set(_tied(own, tensors)))
    unknown = sorted(tensors.keys() - own.keys())
    shaped = sorted(
        name for name in own.keys() & tensors.keys() if own[name].shape != tensors[name].shape
    )
    if not missing and not unknown and not shaped:
        with torch.no_grad():
            for name in own.keys() & tensors.keys():
                own[name].copy_(tensors[name])
        return True
    shared = [name for name in own.keys() & tensors.keys() if _varies(tensors[name])]
    if shared and not any(_same(own[name], tensors[name]) for name in shared):
        parts = (("missing", missing), ("unknown", unknown), ("of another shape", shaped))
        told = "; ".join(f"{what}: {', '.join(names[:5])}" for what, names in parts if names)
        raise InvalidModel(
            f"build() gives a module without the weights of {weights.name}, and they are not given"
            f" to it by name because not all names agree ({told}). Load them in build(), or let it"
            " take them: build(weights) gets a dict of tensors.",
            node="build",
        )
    return False


def _tied(own: Mapping[str, Any], tensors: Mapping[str, Any]) -> Iterator[str]:
    """Names that are others' tensors: a file has them once."""
    given = {own[name].data_ptr() for name in own.keys() & tensors.keys() if own[name].numel()}
    for name, each in own.items():
        if name not in tensors and each.numel() and each.data_ptr() in given:
            yield name


def _fitting(tensor: Any, own: Any) -> Any:
    import torch

    kept = isinstance(own, torch.Tensor) and own.is_quantized
    return tensor.dequantize() if tensor.is_quantized and not kept else tensor


def _varies(tensor: Any) -> bool:
    """Whether it could not be the same by chance, as zeros and ones are."""
    return tensor.numel() > 1 and bool((tensor != tensor.flatten()[0]).any())


def _same(own: Any, given: Any) -> bool:
    import torch

    if own.shape != given.shape or own.is_quantized != given.is_quantized:
        return False
    return bool(torch.equal(own, given if own.is_quantized else given.to(own.dtype)))
