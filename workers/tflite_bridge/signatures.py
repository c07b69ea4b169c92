"""Signatures: what a TensorFlow Lite model takes and gives, and bounds of what may be fed."""

from collections import Counter
from collections.abc import Iterator
from math import prod
from typing import Final

from shared.domain.errors import InvalidModel
from shared.domain.formats import TFLITE
from shared.domain.precisions import Precision
from shared.domain.signatures import Inspection, Signature, Tensor
from workers.tensorflow_bridge.dimensions import half_named, named
from workers.tflite_bridge.files import DTYPES, Entry, Lite, Subgraph

THROUGH: Final = {"CAST", "RESHAPE", "EXPAND_DIMS", "SQUEEZE", "TRANSPOSE"}
"""Operators that hand integers on as they are, in their first argument."""

GATHERS: Final = {"GATHER": (0, 1), "EMBEDDING_LOOKUP": (1, 0)}
"""Where the table and where the indices stand among an operator's inputs."""

PRODUCTS: Final = {
    "BATCH_MATMUL", "CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV",
}  # fmt: skip
INTEGERS: Final = {"int16", "int4", "int8", "uint8"}
WEIGHTS: Final = {"float16", "float32", "float64", "bfloat16", "int8", "uint8", "int4", "int16"}


def inspection(lite: Lite, entry: Entry) -> Inspection:
    """What is known of one entry of a file.

    Raises:
        InvalidModel: two inputs or two outputs have one name, or one has no numpy type.
    """
    return Inspection(
        format=TFLITE.name,
        signature=signature(lite, entry),
        parameters=sum(_parameters(lite)),
        operators=dict(Counter(each.operator for each in lite.nodes).most_common()),
        producer=lite.description or None,
    )


def precision(lite: Lite) -> Precision:
    """int8 where products are of integers; weights in float16 are widened before they are used."""
    for graph in lite.subgraphs:
        for node in graph.nodes:
            if node.operator in PRODUCTS and any(
                graph.values[index].dtype in INTEGERS for index in node.inputs if index >= 0
            ):
                return Precision.INT8
    return Precision.FP32


def signature(lite: Lite, entry: Entry) -> Signature:
    """Names are the signature's, or those of the tensors where the file has none."""
    graph = lite.subgraphs[entry.subgraph]
    if entry.key is None and len(entry.inputs) != len(set(graph.inputs)):
        raise InvalidModel("Two inputs of the TensorFlow Lite model have the same name.")
    if entry.key is None and len(entry.outputs) != len(set(graph.outputs)):
        raise InvalidModel("Two outputs of the TensorFlow Lite model have the same name.")
    upper = _bounds(lite, graph)
    return Signature(
        inputs=tuple(
            _tensor(name, graph, index, upper.get(index), entry=True)
            for name, index in entry.inputs.items()
        ),
        outputs=tuple(
            _tensor(name, graph, index, None, entry=False) for name, index in entry.outputs.items()
        ),
    )


def _tensor(name: str, graph: Subgraph, index: int, upper: int | None, *, entry: bool) -> Tensor:
    value = graph.values[index]
    if value.dtype not in DTYPES.values():
        raise InvalidModel(f"{name!r} is of the type {value.dtype}, which numpy does not have.")
    shape = named(name, value.shape) if entry else half_named(value.shape)
    return Tensor(name=name, dtype=value.dtype, shape=shape, upper=upper)


def _bounds(lite: Lite, graph: Subgraph) -> dict[int, int]:
    """By tensor, the rows of the smallest constant table that it indexes."""
    origin = {index: index for index in graph.inputs}
    found: dict[int, int] = {}
    for node in graph.nodes:
        first = node.inputs[0] if node.inputs else None
        if node.operator in THROUGH and first in origin:
            origin[node.outputs[0]] = origin[first]
        if node.operator == "SELECT_V2" and node.inputs[2] in origin:
            origin[node.outputs[0]] = origin[node.inputs[2]]  # indices from the end, turned round
        if node.operator in GATHERS:
            table, indices = (node.inputs[place] for place in GATHERS[node.operator])
            shape = graph.values[table].shape
            rows = shape[0] if shape and lite.sizes[graph.values[table].buffer] else None
            if rows and indices in origin:
                name = origin[indices]
                found[name] = min(rows, found.get(name, rows))
    return found


def _parameters(lite: Lite) -> Iterator[int]:
    """Elements of weights: integers of 32 and 64 bits are shapes and axes."""
    seen: set[int] = set()
    for graph in lite.subgraphs:
        for value in graph.values:
            if value.buffer in seen or value.dtype not in WEIGHTS:
                continue
            seen.add(value.buffer)
            if lite.sizes[value.buffer]:
                yield prod(length or 1 for length in value.shape)
