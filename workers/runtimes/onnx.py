"""ONNX, run by ONNX Runtime on the CPU."""

import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray
from typing_extensions import override

from shared.domain.archives import unpack
from shared.domain.errors import InvalidModel
from shared.domain.formats import ONNX, Format
from shared.domain.signatures import Dim, Inspection, Signature, Tensor
from workers.onnx_bridge.cutting import ends_at
from workers.onnx_files.external import check_external, small_external
from workers.onnx_files.protos import read_proto
from workers.onnxruntime_bridge.sessions import start_any
from workers.onnxruntime_bridge.widening import HALVES
from workers.runtime import MOST_UNPACKED, Arrays, Given, Runtime, Session
from workers.runtimes.branching import branches
from workers.runtimes.onnx_bounds import bounds
from workers.runtimes.onnx_operators import check_operators
from workers.runtimes.onnx_order import put_in_order
from workers.runtimes.onnx_sizes import check_sizes


class OnnxRuntime(Runtime):
    """A single file, or a zip with one `.onnx` in it and its weights beside it."""

    format: ClassVar[Format] = ONNX
    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")

    @override
    def prepare(self, path: Path, folder: Path) -> Path:
        if not zipfile.is_zipfile(path):
            return in_order(path, folder)
        unpack(path, folder, MOST_UNPACKED)
        found = sorted(folder.rglob("*.onnx"))
        if len(found) != 1:
            names = ", ".join(each.name for each in found) or "none"
            raise InvalidModel(f"The zip must hold exactly one .onnx file; it holds {names}.")
        take_in_small(found[0])
        return found[0]

    @override
    def ending(self, path: Path, options: Mapping[str, Any]) -> Path:
        names = options.get("outputs")
        if not names:
            return path
        model = read_proto(path)
        if ends_at(model, names):
            path = path.with_name(f"{path.stem}.ending.onnx")
            path.write_bytes(model.SerializeToString())
        return path

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        model = read_proto(path)
        check_external(model, path.parent)
        check_sizes(model, path.parent)
        check_operators(model)
        upper = bounds(model)
        inputs = _inputs(model, upper)
        opsets = [each.version for each in model.opset_import if each.domain in {"", "ai.onnx"}]
        return Inspection(
            format=self.format.name,
            signature=Signature(
                inputs=inputs, outputs=tuple(_tensor(each) for each in model.graph.output)
            ),
            parameters=_parameters(model),
            operators=dict(Counter(_operator(node) for node in model.graph.node).most_common()),
            producer=f"{model.producer_name} {model.producer_version}".strip() or None,
            opset=max(opsets, default=None),
        )

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        inspection = self.inspect(path, given)
        signature = inspection.signature
        session, remark = start_any(path)
        names = [each.name for each in signature.outputs]

        def run(inputs: Arrays) -> dict[str, NDArray[Any]]:
            given = {name: _fed(array) for name, array in inputs.items()}
            told = zip(signature.outputs, session.run(names, given), strict=True)
            return {each.name: _read(array, each) for each, array in told}

        yield Session(signature, run, remark, branches=branches(inspection.operators))


def in_order(path: Path, folder: Path) -> Path:
    """The file itself, or a copy in `folder` (made here) whose nodes are in order.

    Raises:
        InvalidModel: as `read_proto`, and where they cannot be.
    """
    model = read_proto(path)
    if not put_in_order(model):
        return path
    folder.mkdir(mode=0o700)
    copy = folder / "model.onnx"
    copy.write_bytes(model.SerializeToString())
    return copy


def take_in_small(path: Path) -> None:
    """Move small external tensors, shapes and axes, into the file: ONNX Runtime wants them there.
    Nodes are put in order.

    Raises:
        InvalidModel: as `read_proto`, where the external data must not be read, and where the
            nodes cannot be put in order.
    """
    import onnx
    from onnx.external_data_helper import load_external_data_for_tensor

    model = read_proto(path)
    check_external(model, path.parent)
    small = list(small_external(model, path.parent))
    for tensor in small:
        load_external_data_for_tensor(tensor, str(path.parent))
        tensor.ClearField("external_data")
        tensor.data_location = onnx.TensorProto.DEFAULT
    if put_in_order(model) or small:
        path.write_bytes(model.SerializeToString())


def _fed(array: NDArray[Any]) -> NDArray[Any]:
    """A session has float32 where the file has a 16-bit float."""
    return array.astype("float32") if array.dtype.name in HALVES.values() else array


def _read(array: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    import ml_dtypes

    if tensor.dtype not in HALVES.values():
        return array
    return array.astype(ml_dtypes.bfloat16 if tensor.dtype == "bfloat16" else tensor.dtype)


def _inputs(model: Any, upper: dict[str, int]) -> tuple[Tensor, ...]:
    """Graph inputs that must be fed: old files list their weights among them."""
    weights = {each.name for each in model.graph.initializer}
    return tuple(
        _tensor(each, upper.get(each.name))
        for each in model.graph.input
        if each.name not in weights
    )


def _tensor(value: Any, upper: int | None = None) -> Tensor:
    from onnx import helper

    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        raise InvalidModel(
            f"{value.name!r} is a {kind or 'value without a type'}; only tensors can be run."
        )
    tensor = value.type.tensor_type
    shape = tuple(map(_dim, tensor.shape.dim)) if tensor.HasField("shape") else None
    try:
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type).name
    except KeyError:
        raise InvalidModel(f"{value.name!r} has no element type.", node=value.name) from None
    return Tensor(name=value.name, dtype=dtype, shape=shape, upper=upper)


def _dim(dim: Any) -> Dim:
    if dim.HasField("dim_value"):
        length: int = dim.dim_value
        return length
    return dim.dim_param or None


def _operator(node: Any) -> str:
    return f"{node.domain}.{node.op_type}" if node.domain else str(node.op_type)


def _parameters(model: Any) -> int:
    """Elements of float and 8-bit weights: integers of 32 and 64 bits are shapes and axes."""
    from math import prod

    from onnx import TensorProto

    indices = {TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL, TensorProto.STRING}
    return sum(
        prod(each.dims) for each in model.graph.initializer if each.data_type not in indices
    )
