"""Operators of ONNX Runtime's domain in TensorFlow: the cases that torch is held against, too."""

from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from tests.converters.one_node import MICROSOFT, assert_same, floats, model_of
from tests.converters.test_onnx_torch_microsoft import OF_ONNX_RUNTIME
from workers.onnx_tensorflow.running import run_model

KNOWN = (
    "Attention", "BiasGelu", "DynamicQuantizeMatMul", "EmbedLayerNormalization", "FastGelu",
    "FusedConv", "FusedGemm", "FusedMatMul", "Gelu", "GroupQueryAttention", "Inverse",
    "MatMulIntegerToFloat", "MatMulNBits", "MultiHeadAttention", "QGemm", "QLinearAdd",
    "QLinearConcat", "QLinearConv", "QLinearGlobalAveragePool", "QLinearLeakyRelu", "QLinearMul",
    "QLinearSigmoid", "QuickGelu", "RotaryEmbedding", "SkipLayerNormalization",
    "SkipSimplifiedLayerNormalization",
)  # fmt: skip
CASES = [case for case in OF_ONNX_RUNTIME if case[0] in KNOWN]


def test_every_known_operator_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(KNOWN)


def compare(model: Any, inputs: list[Any], folder: Path) -> None:
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    fed = {f"x{index}": each for index, each in enumerate(inputs) if each is not None}
    assert_same(run_model(path)(list(fed.values())), session.run(None, fed))


@pytest.mark.parametrize(
    ("operator", "inputs", "more"),
    CASES,
    ids=[f"{case[0]}-{index}" for index, case in enumerate(CASES)],
)
def test_operators_of_onnx_runtime_are_its_own(
    operator: str, inputs: list[Any], more: dict[str, Any], tmp_path: Path
) -> None:
    compare(model_of(operator, inputs, domain=MICROSOFT, **more), inputs, tmp_path)


@pytest.mark.parametrize("name", ["LayerNormalization", "SimplifiedLayerNormalization"])
def test_norms_that_onnx_runtime_puts_into_older_opsets_are_run(name: str, tmp_path: Path) -> None:
    inputs = [floats(2, 3, 8), floats(8)]
    compare(model_of(name, inputs, opset=13, axis=-1, epsilon=1e-5), inputs, tmp_path)
