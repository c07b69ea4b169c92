"""Operators of ONNX Runtime's domain in torch, and those that it puts into ONNX's own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from shared.domain.errors import UnsupportedOperator
from tests.converters.one_node import (
    MICROSOFT,
    RANDOM,
    assert_same,
    bytes_,
    compare,
    floats,
    in_torch,
    model_of,
    of,
    small,
)
from workers.onnx_graph.covering import coverage
from workers.onnx_torch.importer import REGISTRY, load

X = floats(2, 3, 4, 5)
QUANTIZED = (bytes_(2, 3, 8), of(0.02), of(120, np.uint8))
OTHER = (bytes_(8), of(0.03), of(110, np.uint8))
UINT8, INT32 = TensorProto.UINT8, TensorProto.INT32

OF_ONNX_RUNTIME: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("Gelu", [X], {}),
    ("FastGelu", [X, floats(5)], {}),
    ("BiasGelu", [X, floats(5)], {}),
    ("QuickGelu", [X], {}),
    ("Inverse", [floats(2, 3, 3)], {}),
    ("FusedMatMul", [floats(2, 3, 4), floats(2, 5, 4)], {"transB": 1, "alpha": 0.5}),
    ("FusedMatMul", [floats(4, 2, 3), floats(2, 4, 5)], {"transA": 1, "transBatchA": 1}),
    (
        "FusedGemm",
        [floats(3, 4), floats(4, 5), floats(5)],
        {"activation": "LeakyRelu", "activation_alpha": 0.2},
    ),
    ("SkipLayerNormalization", [X[0], X[1], floats(5), floats(5), floats(5)], {"epsilon": 1e-5}),
    ("SkipSimplifiedLayerNormalization", [X[0], X[1], floats(5)], {"epsilon": 1e-5}),
    (
        "EmbedLayerNormalization",
        [
            *(RANDOM.integers(0, 10, (2, 4)).astype(np.int32), np.ones((2, 4), np.int32)),
            *(floats(10, 8), floats(6, 8), floats(2, 8), floats(8), floats(8)),
            of([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32),
        ],
        {"outputs": 2, "dtypes": [1, INT32]},
    ),
    (
        "RotaryEmbedding",
        [floats(2, 3, 16), of([[0, 1, 2], [3, 4, 5]], np.int64), floats(10, 4), floats(10, 4)],
        {},
    ),
    (
        "RotaryEmbedding",
        [floats(2, 3, 16), of([2], np.int64), floats(10, 4), floats(10, 4)],
        {"interleaved": 1},
    ),
    ("QLinearAdd", [*QUANTIZED, *OTHER, of(0.05), of(128, np.uint8)], {"dtypes": [UINT8]}),
    ("QLinearMul", [*QUANTIZED, *OTHER, of(0.05), of(128, np.uint8)], {"dtypes": [UINT8]}),
    (
        "FusedConv",
        [floats(1, 3, 6, 6), floats(4, 3, 3, 3), floats(4), floats(1, 4, 6, 6)],
        {"activation": "Relu", "pads": [1, 1, 1, 1]},
    ),
    (
        "FusedConv",
        [floats(1, 3, 6, 6), floats(4, 3, 3, 3)],
        {"activation": "Clip", "activation_params": [0.0, 1.0]},
    ),
    (
        "QLinearConv",
        [
            *(bytes_(1, 6, 6, 3), of(0.02), of(120, np.uint8)),
            *(small(4, 3, 3, 3), of([0.03] * 4), np.zeros(4, np.int8)),
            *(of(0.3), of(99, np.uint8)),
        ],
        {"channels_last": 1, "dtypes": [UINT8]},
    ),
    (
        "QLinearConcat",
        [of(0.05), of(100, np.uint8), *QUANTIZED, bytes_(2, 3, 2), of(0.03), of(9, np.uint8)],
        {"axis": 2, "dtypes": [UINT8]},
    ),
    *[
        (
            "QLinearGlobalAveragePool",
            [bytes_(2, 3, 5, 5), *QUANTIZED[1:], of(0.013), of(128, np.uint8)],
            {"channels_last": last, "dtypes": [UINT8]},
        )
        for last in (0, 1)
    ],
    ("QLinearSigmoid", [*QUANTIZED, of(1 / 256), of(0, np.uint8)], {"dtypes": [UINT8]}),
    ("QLinearLeakyRelu", [*QUANTIZED, of(0.02), of(99, np.uint8)], {"dtypes": [UINT8]}),
    (
        "QGemm",
        [
            *(bytes_(3, 4), of(0.02), of(120, np.uint8)),
            *(small(4, 5), of([0.03] * 5), np.zeros(5, np.int8)),
            *(RANDOM.integers(-100, 100, 5).astype(np.int32), of(0.2), of(99, np.uint8)),
        ],
        {"dtypes": [UINT8], "alpha": 1.0},
    ),
    (
        "MatMulIntegerToFloat",
        [bytes_(3, 4), small(4, 5), of(0.02), of([0.03] * 5), of(120, np.uint8)],
        {},
    ),
    ("DynamicQuantizeMatMul", [floats(3, 4), small(4, 5), of(0.03), of(2, np.int8)], {}),
    (
        "MatMulNBits",
        [floats(2, 3, 32), bytes_(6, 2, 8), np.abs(floats(12)), bytes_(6, 1)],
        {"K": 32, "N": 6, "bits": 4, "block_size": 16},
    ),
    (
        "Attention",
        [floats(2, 3, 8), floats(8, 24), floats(24), of([[1, 1, 0], [1, 0, 0]], np.int32)],
        {"num_heads": 2},
    ),
    (
        "Attention",
        [floats(2, 3, 8), floats(8, 24), floats(24), None, floats(2, 2, 2, 2, 4)],
        {"num_heads": 2, "unidirectional": 1, "outputs": 2},
    ),
    (
        "QAttention",
        [
            *(bytes_(2, 3, 8), small(8, 24), floats(24), of(0.02), of(0.03)),
            *(of([3, 2], np.int32), of(120, np.uint8), of(2, np.int8)),
        ],
        {"num_heads": 2},
    ),
    ("CDist", [floats(3, 4), floats(5, 4)], {"metric": "euclidean"}),
    ("CDist", [floats(3, 4), floats(5, 4)], {}),
    (
        "MultiHeadAttention",
        [
            *(floats(2, 3, 8), floats(2, 5, 8), floats(2, 5, 8), floats(24)),
            *(of([[1, 1, 1, 0, 0]] * 2, np.int32), floats(1, 2, 3, 5)),
        ],
        {"num_heads": 2},
    ),
    *[
        (
            "GroupQueryAttention",
            [
                *(floats(2, 1, 64), floats(2, 1, 32), floats(2, 1, 32)),
                *(floats(2, 2, 6, 16), floats(2, 2, 6, 16)),
                *(of([6, 6], np.int32), of(7, np.int32), floats(20, 8), floats(20, 8)),
            ],
            {"num_heads": 4, "kv_num_heads": 2, "do_rotary": 1, "outputs": 3, **more},
        )
        for more in ({}, {"local_window_size": 2}, {"softcap": 2.0}, {"rotary_interleaved": 1})
    ],
]


@pytest.mark.parametrize(
    ("operator", "inputs", "more"),
    OF_ONNX_RUNTIME,
    ids=[f"{case[0]}-{index}" for index, case in enumerate(OF_ONNX_RUNTIME)],
)
def test_operators_of_onnx_runtime_are_its_own(
    operator: str, inputs: list[Any], more: dict[str, Any], tmp_path: Path
) -> None:
    compare(model_of(operator, inputs, domain=MICROSOFT, **more), inputs, tmp_path)


@pytest.mark.parametrize("name", ["LayerNormalization", "SimplifiedLayerNormalization"])
def test_norms_that_onnx_runtime_puts_into_older_opsets_are_run(name: str, tmp_path: Path) -> None:
    inputs = [floats(2, 3, 8), floats(8)]
    compare(model_of(name, inputs, opset=13, axis=-1, epsilon=1e-5), inputs, tmp_path)


def test_quantized_numbers_are_multiplied_in_32_bits(tmp_path: Path) -> None:
    inputs = [of([[0, 255]], np.uint8), of(3, np.uint8), of([[255], [7]], np.uint8), None]
    model = model_of("MulInteger", inputs, domain=MICROSOFT, dtypes=[INT32])
    wanted = of([[-3 * 255, 252 * 255], [-21, 252 * 7]], np.int32)
    assert_same(in_torch(model, inputs, tmp_path), [wanted])


@pytest.mark.parametrize(
    ("operator", "inputs", "more", "reason"),
    [
        ("FusedGemm", [floats(2, 2), floats(2, 2)], {"activation": "Nonsense"}, "'Nonsense'"),
        (
            "MatMulNBits",
            [floats(1, 32), bytes_(6, 2, 8), floats(12), None, np.zeros(32, np.int32)],
            {"K": 32, "N": 6, "bits": 4, "block_size": 16},
            "g_idx",
        ),
        (
            "Attention",
            [floats(2, 3, 8), floats(8, 24), floats(24)],
            {"num_heads": 2, "do_rotary": 1},
            "turns its features",
        ),
    ],
)
def test_what_is_not_done_is_named_before_and_at_a_run(
    operator: str, inputs: list[Any], more: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    model = model_of(operator, inputs, domain=MICROSOFT, **more)
    with pytest.raises(UnsupportedOperator, match=reason):
        in_torch(model, inputs, tmp_path)
    gaps = coverage(load(tmp_path / "model.onnx").model.graph, REGISTRY, "pt2", "modelferry").gaps
    assert [gap.operator for gap in gaps] == [f"{MICROSOFT}.{operator}"]
    assert reason in gaps[0].reason
