"""Sources and targets of a transplant in a process of one's own: live models, arrays and files."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.domain.archives import unpack
from shared.domain.errors import InvalidModel, UnknownFormat
from shared.domain.formats import SAFETENSORS, SAVEDMODEL, TF_CHECKPOINT, Layout
from shared.domain.recognition import UNPACKED, recognise
from workers.transplant.live_arrays import ArrayWeights
from workers.transplant.live_keras import KerasWeights
from workers.transplant.live_torch import TorchWeights
from workers.weights.variables import Weights

Live = KerasWeights | TorchWeights


def live(model: Any) -> Live | None:
    """The variables of a `keras.Model` or a `torch.nn.Module`; None: it is neither."""
    keras, torch = sys.modules.get("keras"), sys.modules.get("torch")
    # On Keras's PyTorch backend its layers are modules, too, and speak Keras's layouts.
    if keras is not None and isinstance(model, keras.layers.Layer):
        return KerasWeights(model)
    if torch is not None and isinstance(model, torch.nn.Module):
        return TorchWeights(model)
    return None


@contextmanager
def opened(source: Any) -> Iterator[Weights]:
    """The variables of a live model, of arrays in memory, or of a file, open within the block.

    Args:
        source: a `keras.Model`, a `torch.nn.Module`, a `state_dict`, a dict of arrays, or the
            path of a model, of weights alone, of a folder of either, or of a TensorFlow
            checkpoint without `.index`.

    Raises:
        InvalidModel: it is none of these, or the file is damaged.
        BadUpload: one of its kinds; the file is no model.
    """
    found = live(source)
    if found is not None:
        yield found
    elif isinstance(source, (str, Path)):
        with _file(Path(source)) as store:
            yield store
    elif isinstance(source, Mapping):
        yield ArrayWeights(source)
    elif isinstance(source, (list, tuple)):
        raise InvalidModel(
            "A list of arrays, as get_weights() gives it, has no names to go by: give the model,"
            " or {each.path: each.numpy() for each in model.weights}."
        )
    else:
        raise InvalidModel(
            f"Weights cannot be taken from {type(source).__name__}: give a Keras model, a PyTorch"
            " module, a dict of arrays or the path of a file."
        )


@contextmanager
def _file(path: Path) -> Iterator[Weights]:
    from workers.weights import tf_checkpoint
    from workers.weights.opening import open_weights

    if path.is_dir():
        with open_weights(path, _of_folder(path)) as store:
            yield store
        return
    if not path.exists():
        if not path.with_name(f"{path.name}.index").exists():
            raise InvalidModel(f"There is no file {str(path)!r}, and no checkpoint of that name.")
        yield tf_checkpoint.store(path)
        return
    with path.open("rb") as reader:
        known = recognise(reader, said=None, name=path.name).format
    with tempfile.TemporaryDirectory(prefix="modelferry-") as place:
        readable = path
        if known.layout is not Layout.FILE:
            readable = Path(place) / "tree"
            unpack(path, readable, UNPACKED)
        with open_weights(readable, known.name) as store:
            yield store


def _of_folder(path: Path) -> str:
    for pattern, kind in (
        ("saved_model.pb", SAVEDMODEL),
        ("*.index", TF_CHECKPOINT),
        ("*.safetensors", SAFETENSORS),
    ):
        if any(path.glob(pattern)):
            return kind.name
    raise UnknownFormat(
        f"The folder {path.name!r} holds no SavedModel, no TensorFlow checkpoint and no"
        " safetensors."
    )
