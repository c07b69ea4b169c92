"""ONNX models in the shape that the precision edges work on: whole, flat, every node named."""

from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from shared.domain.errors import StepRefused
from workers.onnx_files.external import locations
from workers.onnx_files.opsets import version
from workers.onnxruntime_bridge.graphs import LARGEST_MESSAGE, fits
from workers.onnxruntime_bridge.widening import HALVES, widened
from workers.runtime import Arrays

OLDEST: Final = 13
"""The opset from which a scale may be given per channel."""


def load(path: Path, opset: int = OLDEST) -> tuple[Any, list[str]]:
    """The model in float32, weights in memory, of that opset at least; and remarks on the way.

    Functions of the model's own are inlined; constants are initializers. Inputs and outputs
    keep their types.

    Raises:
        StepRefused: its opset is older than OLDEST and cannot be raised, or it is too large.
    """
    import onnx
    from onnx import inliner

    _insist_on_size(path)
    model = onnx.load(path)
    remarks: list[str] = []
    if model.functions:
        model = inliner.inline_local_functions(model)
    if version(model) < opset:
        model, remark = _raised(model, opset)
        remarks += remark
    if version(model) < OLDEST:
        raise StepRefused(
            f"The model has opset {version(model)}, and it could not be raised to {OLDEST}."
            " Export it anew with a later opset."
        )
    model = widened(model, HALVES, rounded=False, keep_io=True)
    _drop_weights_from_inputs(model)
    _constants_to_weights(model.graph)
    _name_nodes(model.graph)
    return model, remarks


def _insist_on_size(path: Path) -> None:
    import onnx

    named = locations(onnx.load(path, load_external_data=False))
    size = sum(each.stat().st_size for each in (path, *(path.parent / name for name in named)))
    if size >= LARGEST_MESSAGE:
        raise StepRefused(
            f"The model is {size} bytes, and a precision can be chosen for models of less than"
            f" {LARGEST_MESSAGE} only: they are rewritten and run in memory. Leave precision out."
        )


def feed_in_double(model: Any) -> None:
    """Let a model of `load` take float64 where it takes bfloat16: no array of that can be fed.

    What reads such an input is a Cast to float32. From float32 it would be none, and ONNX Runtime
    drops those although graphs inside of nodes read them.
    """
    from onnx import TensorProto

    for each in model.graph.input:
        if each.type.tensor_type.elem_type == TensorProto.BFLOAT16:
            each.type.tensor_type.elem_type = TensorProto.DOUBLE


def fed(inputs: Arrays) -> dict[str, NDArray[Any]]:
    """The inputs as a model after `feed_in_double` takes them."""
    return {
        name: array.astype("float64") if array.dtype.name == "bfloat16" else array
        for name, array in inputs.items()
    }


def save(model: Any, path: Path) -> Path:
    """Write it; a model of 2 GiB and more keeps its weights in a second file."""
    import onnx

    if fits(model):
        onnx.save(model, path)
    else:
        onnx.save(model, path, save_as_external_data=True, location=f"{path.name}.data")
    return path


def _raised(model: Any, opset: int) -> tuple[Any, list[str]]:
    from onnx import version_converter

    if not fits(model):
        return model, [f"The opset was left at {version(model)}: the model is 2 GiB or more."]
    try:
        return version_converter.convert_version(model, opset), []
    except Exception as error:  # noqa: BLE001 - it raises whatever its adapters do
        said = str(error).strip().splitlines() or [type(error).__name__]
        return model, [f"The opset was left at {version(model)}: {said[0][:200]}"]


def _drop_weights_from_inputs(model: Any) -> None:
    """Old files list their weights among the inputs; from IR version 4 they need not."""
    model.ir_version = max(model.ir_version, 8)
    weights = {each.name for each in model.graph.initializer}
    kept = [each for each in model.graph.input if each.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(kept)


def _constants_to_weights(graph: Any) -> None:
    import numpy as np
    from onnx import numpy_helper

    kept = []
    for node in graph.node:
        value = node.attribute[0] if node.op_type == "Constant" and node.attribute else None
        if value is not None and value.name == "value":
            graph.initializer.add().CopyFrom(value.t)
            graph.initializer[-1].name = node.output[0]
        elif value is not None and value.name in {"value_float", "value_floats"}:
            given = value.f if value.name == "value_float" else list(value.floats)
            array = np.asarray(given, np.float32)
            graph.initializer.append(numpy_helper.from_array(array, node.output[0]))
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)


def _name_nodes(graph: Any) -> None:
    taken: set[str] = set()
    for number, node in enumerate(graph.node):
        name = node.name or f"{node.op_type}_{number}"
        node.name = name if name not in taken else f"{name}#{number}"
        taken.add(node.name)
