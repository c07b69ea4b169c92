"""OpenVINO IR, run by OpenVINO on the CPU, in float32."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

from numpy.typing import NDArray
from typing_extensions import override

from shared.domain.errors import InvalidModel
from shared.domain.formats import OPENVINO, Format
from shared.domain.signatures import Dim, Inspection, Signature, Tensor
from workers.runtime import Arrays, Given, Runtime, Session

EXACTLY: Final = {
    "INFERENCE_PRECISION_HINT": "f32",
    "EXECUTION_MODE_HINT": "ACCURACY",
    "NUM_STREAMS": "1",
    "INFERENCE_NUM_THREADS": "2",
}
"""Left alone, OpenVINO computes in bfloat16 or float16 where the CPU has instructions for it."""

DTYPES: Final = {
    "f64": "float64",
    "f32": "float32",
    "f16": "float16",
    "bf16": "bfloat16",
    "boolean": "bool",
    "string": "object",
    "f8e4m3": "float8_e4m3fn",
    "f8e5m2": "float8_e5m2",
    **{f"i{bits}": f"int{bits}" for bits in (4, 8, 16, 32, 64)},
    **{f"u{bits}": f"uint{bits}" for bits in (4, 8, 16, 32, 64)},
}
"""OpenVINO's names of element types, and numpy's."""

ENDS: Final = ("Parameter", "Result", "Constant")


class OpenvinoRuntime(Runtime):
    """A folder, or one within it, with an `.xml` and a `.bin` of one name."""

    format: ClassVar[Format] = OPENVINO
    packages: ClassVar[tuple[str, ...]] = ("openvino",)

    @override
    def prepare(self, path: Path, folder: Path) -> Path:
        tree = super().prepare(path, folder)
        found = [
            each for each in sorted(tree.rglob("*.xml")) if each.with_suffix(".bin").is_file()
        ]
        if len(found) != 1:
            names = ", ".join(each.name for each in found) or "none"
            raise InvalidModel(
                "The archive must hold one .xml with the .bin of the same name beside it; it"
                f" holds {names}."
            )
        return found[0]

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        model = _read(path)
        operations = model.get_ops()
        kinds = Counter(each.get_type_name() for each in operations)
        return Inspection(
            format=self.format.name,
            signature=_signature(model),
            parameters=sum(map(_weights, operations)),
            operators={kind: count for kind, count in kinds.most_common() if kind not in ENDS},
        )

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        import openvino

        model = _read(path)
        signature = _signature(model)
        try:
            compiled = openvino.Core().compile_model(model, "CPU", EXACTLY)
        except RuntimeError as error:
            raise InvalidModel(f"OpenVINO cannot run the model: {last_words(error)}") from error
        request = compiled.create_infer_request()

        def run(inputs: Arrays) -> dict[str, NDArray[Any]]:
            fed = {
                index: _fed(inputs[each.name], model.inputs[index])
                for index, each in enumerate(signature.inputs)
            }
            told = request.infer(fed, share_inputs=False, share_outputs=False)
            ends = enumerate(signature.outputs)
            return {each.name: _seen(told[index], each) for index, each in ends}

        yield Session(signature, run)


def last_words(error: Exception) -> str:
    """What OpenVINO says went wrong, without the places in its own source."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [
        line
        for line in lines
        if not line.startswith(("Exception from", "Check '")) and not line.endswith("failed at")
    ]
    return " ".join(said or lines)[:400] or type(error).__name__


def _read(path: Path) -> Any:
    import openvino

    try:
        return openvino.Core().read_model(path)
    except RuntimeError as error:
        raise InvalidModel(f"OpenVINO cannot read the model: {last_words(error)}") from error


def _signature(model: Any) -> Signature:
    return Signature(
        inputs=tuple(map(_tensor, model.inputs)), outputs=tuple(map(_tensor, model.outputs))
    )


def _tensor(port: Any) -> Tensor:
    kind = port.get_element_type().get_type_name()
    shape = port.get_partial_shape()
    dims = tuple(map(_dim, shape)) if shape.rank.is_static else None
    names = sorted(port.get_names())
    name = names[0] if names else port.get_node().get_friendly_name()
    return Tensor(name=name, dtype=DTYPES.get(kind, kind), shape=dims)


def _dim(dim: Any) -> Dim:
    return int(dim.get_length()) if dim.is_static else None


def _fed(array: NDArray[Any], port: Any) -> Any:
    import openvino

    kind = port.get_element_type()
    if kind.get_type_name() != "bf16":
        return array
    import numpy as np

    tensor = openvino.Tensor(kind, openvino.Shape(list(array.shape)))
    tensor.data.view(np.uint16)[...] = array.view(np.uint16)
    return tensor


def _seen(array: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    """OpenVINO shows numpy the bits of a bfloat16 as a float16."""
    import ml_dtypes

    return array.view(ml_dtypes.bfloat16) if tensor.dtype == "bfloat16" else array


def _weights(operation: Any) -> int:
    """Elements of a constant of floats or 8 bits: integers of 32 and 64 bits are shapes."""
    if operation.get_type_name() != "Constant":
        return 0
    kind = operation.get_element_type().get_type_name()
    if kind in {"i32", "i64", "boolean", "string"}:
        return 0
    size = 1
    for length in operation.get_output_shape(0):
        size *= int(length)
    return size
