"""ONNX Runtime's own format, run by ONNX Runtime on the CPU.

A flatbuffer of the graph as it was optimised. Format: onnxruntime/core/flatbuffers/schema/ort.fbs.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

from numpy.typing import NDArray
from typing_extensions import override

from shared.domain.errors import InvalidModel
from shared.domain.formats import ORT, Format
from shared.domain.signatures import Inspection, Signature, Tensor
from workers.onnxruntime_bridge.sessions import start
from workers.runtime import Arrays, Given, Runtime, Session

DTYPES: Final = {
    "float": "float32",
    "double": "float64",
    "string": "object",
    **{name: name for name in ("float16", "bfloat16", "bool")},
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
"""ONNX Runtime's names of element types, and numpy's."""


class OrtRuntime(Runtime):
    """A single `.ort` file."""

    format: ClassVar[Format] = ORT
    packages: ClassVar[tuple[str, ...]] = ("onnxruntime", "flatbuffers")

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        graph = _graph(path)
        return Inspection(
            format=self.format.name,
            signature=_signature(start(path, optimise=False, flat=True)),
            parameters=_parameters(graph),
            operators=_operators(graph),
        )

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        session = start(path, flat=True)
        signature = _signature(session)
        names = [each.name for each in signature.outputs]

        def run(inputs: Arrays) -> dict[str, NDArray[Any]]:
            return dict(zip(names, session.run(names, dict(inputs)), strict=True))

        yield Session(signature, run)


def _signature(session: Any) -> Signature:
    return Signature(
        inputs=tuple(map(_tensor, session.get_inputs())),
        outputs=tuple(map(_tensor, session.get_outputs())),
    )


def _tensor(told: Any) -> Tensor:
    kind, _, element = told.type.rstrip(")").partition("(")
    if kind != "tensor":
        raise InvalidModel(f"{told.name!r} is a {told.type}; only tensors can be run.")
    return Tensor(name=told.name, dtype=DTYPES.get(element, element), shape=tuple(told.shape))


def _graph(path: Path) -> Any:
    from onnxruntime.tools.ort_format_model.ort_flatbuffers_py import fbs

    session = fbs.InferenceSession.InferenceSession.GetRootAs(path.read_bytes(), 0)
    return session.Model().Graph()


def _operators(graph: Any) -> dict[str, int]:
    nodes = (graph.Nodes(index) for index in range(graph.NodesLength()))
    named = ((node.Domain().decode(), node.OpType().decode()) for node in nodes)
    counts = Counter(f"{domain}.{kind}" if domain else kind for domain, kind in named)
    return dict(counts.most_common())


def _parameters(graph: Any) -> int:
    """Elements of float and 8-bit weights: integers of 32 and 64 bits are shapes and axes."""
    from math import prod

    from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.TensorDataType import (
        TensorDataType,
    )

    indices = {
        TensorDataType.INT32,
        TensorDataType.INT64,
        TensorDataType.BOOL,
        TensorDataType.STRING,
    }
    weights = (graph.Initializers(index) for index in range(graph.InitializersLength()))
    return sum(
        prod(int(each.Dims(axis)) for axis in range(each.DimsLength()))
        for each in weights
        if each.DataType() not in indices
    )
