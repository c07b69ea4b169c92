"""Models of one node, and what ONNX Runtime makes of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from workers.onnx_torch.running import run_model

MICROSOFT = "com.microsoft"
RANDOM = np.random.default_rng(4)


def floats(*shape: int) -> Any:
    return RANDOM.standard_normal(shape).astype(np.float32)


def bytes_(*shape: int) -> Any:
    return RANDOM.integers(0, 256, shape).astype(np.uint8)


def small(*shape: int) -> Any:
    """int8 of 7 bits: sums of full ones saturate in ONNX Runtime where processors lack VNNI."""
    return RANDOM.integers(-60, 61, shape).astype(np.int8)


def of(value: Any, dtype: Any = np.float32) -> Any:
    return np.array(value, dtype)


def model_of(
    operator: str,
    inputs: Sequence[Any],
    *,
    opset: int = 17,
    domain: str = "",
    outputs: int = 1,
    dtypes: Sequence[int] | None = None,
    **attributes: Any,
) -> onnx.ModelProto:
    names = ["" if each is None else f"x{index}" for index, each in enumerate(inputs)]
    results = [f"y{index}" for index in range(outputs)]
    node = helper.make_node(operator, names, results, "node", domain=domain, **attributes)
    graph = helper.make_graph(
        [node],
        "one",
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(each.dtype), each.shape
            )
            for name, each in zip(names, inputs, strict=True)
            if name
        ],
        [
            helper.make_tensor_value_info(name, dtype, None)
            for name, dtype in zip(results, dtypes or [TensorProto.FLOAT] * outputs, strict=True)
        ],
    )
    opsets = [helper.make_opsetid("", opset)]
    if domain:
        opsets.append(helper.make_opsetid(domain, 1))
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def in_torch(model: onnx.ModelProto, inputs: Sequence[Any], folder: Path) -> list[Any]:
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return run_model(path)([each for each in inputs if each is not None])


def assert_same(found: Sequence[Any], wanted: Sequence[Any]) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        if other.dtype.kind == "f":
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
        else:
            np.testing.assert_array_equal(one, other)


def compare(model: onnx.ModelProto, inputs: list[Any], folder: Path) -> None:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    fed = {f"x{index}": each for index, each in enumerate(inputs) if each is not None}
    assert_same(in_torch(model, inputs, folder), session.run(None, fed))
