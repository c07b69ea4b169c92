"""State_dicts of torch.save, mapped where they are zips; older ones are loaded by torch."""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from shared.domain import pickles
from shared.domain.errors import BadUpload, InvalidModel, PickledModule
from workers.torch_files.arrays import from_torch, numpy_name
from workers.weights import torch_pickles
from workers.weights.sections import Located, mapped
from workers.weights.store import Store
from workers.weights.torch_pickles import Stored
from workers.weights.torch_zips import Members
from workers.weights.tying import ties
from workers.weights.variables import Array, Framework, Variable

WRAPPERS: Final = ("state_dict", "model_state_dict", "model", "module", "net", "network", "params")
"""Under what training scripts keep the weights, in the order in which they are believed."""

TRAINING: Final = ("optim", "lr_sched", "scheduler", "scaler", "loss")
"""How entries beside the weights begin that hold the state of a training run."""

COUNTS: Final = (*TRAINING, "epoch", "step", "global_step", "iter", "best_")
"""How tensors beside the weights begin that are no weights, but how far the training came."""

UNPLAIN: Final = "torch._utils._rebuild_"
"""How functions are called that make tensors which do not lie as plain numbers."""


def locate(path: Path) -> Located:
    """The tensors of a zip of torch.save.

    Raises:
        InvalidModel: it is damaged or holds no tensors.
        PickledModule: it holds objects of classes.
    """
    members = Members(path)
    raw = members.read("data.pkl")
    _refuse_classes(raw)
    entries, notes = weights_of(torch_pickles.load(BytesIO(raw)), Stored)
    sections = {name: members.section(name, "data", each) for name, each in entries.items()}
    return Located(sections, ties=ties(sections), notes=notes)


@contextmanager
def open_state_dict(path: Path) -> Iterator[Store]:
    """The store of a state_dict, open within the block.

    Raises:
        InvalidModel, PickledModule: as with `locate`.
    """
    if zipfile.is_zipfile(path):
        with mapped(locate(path)) as store:
            yield store
    else:
        yield _loaded(path)


def load_legacy(path: Path) -> Any:
    """What torch.save wrote before zips, whole in memory: it has no place for anything else.

    Raises:
        InvalidModel: torch cannot load it.
        PickledModule: it holds objects of classes.
    """
    import torch

    try:
        with path.open("rb") as file:
            found = pickles.scan(file)
    except BadUpload as error:
        raise InvalidModel(error.fault.detail) from error
    if found is not None and found.classes:
        raise _pickled(found.classes)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        lines = [line for line in str(error).splitlines() if line.strip()] or [""]
        first = lines[0].partition(". ")[0].rstrip(".")
        raise InvalidModel(
            f"torch.load refuses the file: {first}. Save it again with"
            " torch.save(model.state_dict(), path)."
        ) from error


def _loaded(path: Path) -> Store:
    import torch

    entries, notes = weights_of(load_legacy(path), torch.Tensor)
    first: dict[tuple[object, ...], str] = {}
    shared: dict[str, str] = {}
    for name, each in entries.items():
        if str(each.layout) != "torch.strided" or each.is_meta or each.is_quantized:
            raise _unplain(name)
        place = (each.data_ptr(), each.dtype, each.shape, each.stride())
        if each.numel() and first.setdefault(place, name) != name:
            shared[name] = first[place]

    def read(name: str) -> Array:
        return from_torch(entries[name].resolve_conj().resolve_neg())

    return Store(
        framework=Framework.PYTORCH,
        variables={
            name: Variable(name, tuple(each.shape), numpy_name(each.dtype))
            for name, each in entries.items()
        },
        reader=read,
        ties=shared,
        notes=notes,
    )


def weights_of(saved: Any, kind: type) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The tensors, which are of `kind`, by name, and notes on what was left out.

    Raises:
        InvalidModel: there are none.
    """
    notes: list[str] = []
    entries = saved
    while isinstance(entries, Mapping) and not _holds(entries, kind):
        inner = next((key for key in WRAPPERS if isinstance(entries.get(key), Mapping)), None)
        if inner is None:
            break
        left = [str(key) for key in entries if key != inner]
        notes.append(
            f"The weights were taken from the entry {inner!r}"
            + (f"; left out: {', '.join(left[:8])}." if left else ".")
        )
        entries = entries[inner]
    found: dict[str, Any] = {}
    others: list[str] = []
    _gather(entries, "", kind, found, others)
    if others:
        notes.append(f"Left out, since they are no tensors of the model: {', '.join(others[:8])}.")
    if not found:
        raise InvalidModel(
            "The file holds no tensors by name. Save the weights with"
            " torch.save(model.state_dict(), path)."
        )
    return found, tuple(notes)


def _holds(entries: Mapping[Any, Any], kind: type) -> bool:
    return any(
        isinstance(each, kind) and not str(key).startswith(COUNTS) for key, each in entries.items()
    )


def _gather(
    entries: Any, prefix: str, kind: type, found: dict[str, Any], others: list[str]
) -> None:
    if not isinstance(entries, Mapping):
        return
    for key, value in entries.items():
        name = f"{prefix}{key}"
        if isinstance(value, kind):
            if name in found:
                raise InvalidModel(
                    f"Two tensors of the file are called {name!r}. Save one of them under another"
                    " name.",
                    node=name,
                )
            found[name] = value
        elif getattr(value, "kind", "").startswith(UNPLAIN):
            raise _unplain(name)
        elif isinstance(value, Mapping) and (prefix or not str(key).startswith(TRAINING)):
            _gather(value, f"{name}.", kind, found, others)
        elif not (isinstance(value, Mapping) and not value):
            others.append(name)


def _unplain(name: str) -> InvalidModel:
    return InvalidModel(
        f"The tensor {name!r} does not lie in the file as plain numbers: it is sparse, nested or"
        " quantised, or has no values. Save it as a dense tensor (a quantised one after"
        " .dequantize()), or leave it out.",
        node=name,
    )


def _refuse_classes(raw: bytes) -> None:
    try:
        found = pickles.scan(BytesIO(raw))
    except BadUpload as error:
        raise InvalidModel(error.fault.detail) from error
    if found is not None and found.classes:
        raise _pickled(found.classes)


def _pickled(classes: tuple[str, ...]) -> PickledModule:
    return PickledModule(
        f"The file holds objects of the class {classes[0]}, which is code and is never loaded."
        " Save the weights alone: torch.save(model.state_dict(), path)."
    )
