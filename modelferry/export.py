"""Live objects: a model as it stands in memory, written down so that it can be sent.

No framework is imported here unless an object of it is given.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import EllipsisType
from typing import Any, Final

from modelferry.errors import ExportFailed, Misuse
from modelferry.progress import silent
from modelferry.sources import pack

LARGEST_PROTO: Final = (1 << 31) - (1 << 20)  # bytes; protobuf writes no message beyond 2 GiB


def written(
    model: Any,
    folder: Path,
    *,
    example_inputs: Any = None,
    dynamic_shapes: Any = ...,
) -> Path:
    """The file in `folder` that now holds the model.

    Args:
        model: a `keras.Model`, a `torch.nn.Module` or an `onnx.ModelProto`.
        example_inputs: for a module, a tensor, a tuple of positional arguments or a mapping of
            named ones, as its `forward` takes them.
        dynamic_shapes: as `torch.export.export` takes it; by default the first axis of every
            input is a batch that may vary. None fixes all shapes.

    Raises:
        Misuse: an object of another kind, or a module without example inputs.
        ExportFailed: the framework cannot write the model down; the cause is chained.
    """
    kinds = _lineage(model)
    # A Keras model on the torch backend is a torch module as well: Keras comes first.
    if any(root == "keras" and name == "Model" for root, name in kinds):
        return _keras(model, folder)
    if ("torch", "Module") in kinds:
        return _torch(model, folder, example_inputs, dynamic_shapes)
    if ("onnx", "ModelProto") in kinds:
        return _onnx(model, folder)
    raise Misuse(
        f"A {type(model).__name__} cannot be sent. Give a path, an uploaded model, a keras.Model,"
        " a torch.nn.Module with example_inputs, or an onnx.ModelProto.",
        field="source",
    )


def saved_samples(samples: Mapping[str, Any], folder: Path) -> Path:
    """Arrays by input name, as the .npz that the service takes.

    Raises:
        Misuse: a value is no array of numbers.
    """
    import numpy as np

    path = folder / "samples.npz"
    # Not np.savez: it cannot store an input that has the name of one of its parameters.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in samples.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                try:
                    np.lib.format.write_array(entry, np.asarray(array), allow_pickle=False)
                except ValueError as error:
                    raise Misuse(
                        f"Sample {name!r} is no array: {error}", field="samples"
                    ) from error
    return path


def _lineage(model: Any) -> set[tuple[str, str]]:
    return {(each.__module__.partition(".")[0], each.__name__) for each in type(model).__mro__}


def _keras(model: Any, folder: Path) -> Path:
    path = folder / f"{model.name}.keras"
    try:
        model.save(path)
    except Exception as error:
        raise ExportFailed(
            f"Keras cannot save {model.name!r}: {error} Save it yourself and give the path."
        ) from error
    return path


def _torch(
    module: Any, folder: Path, example_inputs: Any, dynamic_shapes: Any | EllipsisType
) -> Path:
    import torch

    name = type(module).__name__
    if example_inputs is None:
        raise Misuse(
            f"A module is exported by running it: give {name}'s example_inputs, as for"
            " torch.export.export.",
            field="example_inputs",
        )
    args, kwargs = _arguments(example_inputs)
    if dynamic_shapes is ...:
        args, kwargs, dynamic_shapes = _with_free_batch(args, kwargs)
    path = folder / f"{name}.pt2"
    training = module.training
    try:
        program = torch.export.export(
            module.eval(), args, kwargs, dynamic_shapes=dynamic_shapes or None
        )
        torch.export.save(program, path)
    except Exception as error:
        raise ExportFailed(
            f"torch.export cannot export {name}: {error} Where the model branches on its data,"
            " use torch.cond; where a shape must not vary, give dynamic_shapes."
        ) from error
    finally:
        module.train(training)
    return path


def _arguments(example_inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(example_inputs, Mapping):
        return (), dict(example_inputs)
    if isinstance(example_inputs, tuple | list):
        return tuple(example_inputs), {}
    return (example_inputs,), {}


def _with_free_batch(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
    """The inputs, and dynamic shapes that leave their first axis open.

    torch.export takes a length of 1 for a constant, so a batch of one is exported as two.
    """
    import torch
    from torch.utils import _pytree as trees

    tensors = [
        leaf for leaf in trees.tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)
    ]
    single = bool(tensors) and all(each.ndim and each.shape[0] == 1 for each in tensors)

    def doubled(leaf: Any) -> Any:
        return torch.cat([leaf, leaf]) if single and isinstance(leaf, torch.Tensor) else leaf

    def shape(leaf: Any) -> Any:
        batched = isinstance(leaf, torch.Tensor) and leaf.ndim
        return {0: torch.export.Dim.AUTO} if batched else None

    args, kwargs = trees.tree_map(doubled, (args, kwargs))
    # torch.export matches dynamic shapes to either the positional arguments or the named ones.
    return args, kwargs, trees.tree_map(shape, kwargs or args)


def _onnx(model: Any, folder: Path) -> Path:
    import onnx

    name = model.graph.name or "model"
    safe = "".join(each if each.isalnum() or each in "-_." else "_" for each in name)
    if _weight(model.graph) < LARGEST_PROTO:
        path = folder / f"{safe}.onnx"
        path.write_bytes(model.SerializeToString())
        return path
    inside = folder / safe
    inside.mkdir()
    try:
        onnx.save_model(
            model, inside / "model.onnx", save_as_external_data=True, location="model.data"
        )
    finally:
        # Saving moves the weights out of the caller's object: they are put back.
        onnx.load_external_data_for_model(model, str(inside))
    packed = folder / f"{safe}.zip"
    pack({each.name: each for each in inside.iterdir()}, packed, silent)
    return packed


def _weight(graph: Any) -> int:
    """Bytes of the weights, which are all but all of a large model."""
    held: int = sum(each.ByteSize() for each in graph.initializer)
    attributes = [attribute for node in graph.node for attribute in node.attribute]
    held += sum(each.t.ByteSize() for each in attributes if each.HasField("t"))
    return held + sum(_weight(each.g) for each in attributes if each.HasField("g"))
