"""Operators under torch.export: lengths that vary stay open, and other lengths are right."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper

from tests.converters.one_node import MICROSOFT, floats, model_of, of
from workers.onnx_torch.importer import load

FLOAT = TensorProto.FLOAT


def attention(batch: int, new: int, past: int) -> list[Any]:
    cache = floats(batch, 2, past, 8), floats(batch, 2, past, 8)
    return [floats(batch, new, 32), floats(batch, new, 16), floats(batch, new, 16), None, *cache]


def linear(batch: int, steps: int, _: int) -> list[Any]:
    parts = floats(batch, steps, 32), floats(batch, steps, 16), floats(batch, steps, 16)
    past, decay = floats(batch, 2, 8, 8), -np.abs(floats(batch, steps, 2))
    return [*parts, past, decay, np.abs(floats(batch, steps, 2))]


def grouped(batch: int, new: int, past: int) -> list[Any]:
    cache = floats(batch, 2, past, 8), floats(batch, 2, past, 8)
    filled = np.full(batch, past + new - 1, np.int32), of(past + new, np.int32)
    return [
        floats(batch, new, 32),
        floats(batch, new, 16),
        floats(batch, new, 16),
        *cache,
        *filled,
    ]


def normed(batch: int, height: int, width: int) -> list[Any]:
    return [floats(batch, 4, height, width), np.ones(4, np.float32), np.zeros(4, np.float32)]


HEADS = {"q_num_heads": 4, "kv_num_heads": 2}


@pytest.mark.parametrize(
    ("operator", "made", "more"),
    [
        ("Attention", attention, {"opset": 23, "is_causal": 1, "outputs": 3, **HEADS}),
        ("LinearAttention", linear, {"opset": 27, "outputs": 2, **HEADS}),
        (
            "GroupQueryAttention",
            grouped,
            {"domain": MICROSOFT, "num_heads": 4, "kv_num_heads": 2, "outputs": 3},
        ),
        ("GroupNormalization", normed, {"opset": 21, "num_groups": 2}),
    ],
)
def test_other_lengths_than_those_exported_are_right(
    operator: str, made: Any, more: dict[str, Any], tmp_path: Path
) -> None:
    first, other = made(3, 5, 7), made(2, 4, 6)
    path = tmp_path / "model.onnx"
    path.write_bytes(model_of(operator, first, **more).SerializeToString())
    module = load(path)
    examples, others = (
        tuple(torch.from_numpy(each) for each in inputs if each is not None)
        for inputs in (first, other)
    )
    varying = tuple(
        {
            axis: torch.export.Dim.AUTO
            for axis, length in enumerate(example.shape)
            if length != changed.shape[axis]
        }
        for example, changed in zip(examples, others, strict=True)
    )
    program = torch.export.export(module, examples, dynamic_shapes=(varying,), strict=False)
    for found, wanted in zip(program.module()(*others), module(*others), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_bounds_that_are_constants_stay_numbers(tmp_path: Path) -> None:
    model = model_of("Clip", [floats(3), of(0.0), of(6.0)], opset=13)
    bounds = [helper.make_tensor(f"x{index}", FLOAT, [], [6.0 * (index - 1)]) for index in (1, 2)]
    model.graph.initializer.extend(bounds)
    del model.graph.input[1:]
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    program = torch.export.export(load(path), (torch.randn(3),), strict=False)
    (clamp,) = (node for node in program.graph.nodes if "clamp" in str(node.target))
    assert clamp.args[1:] == (0.0, 6.0)
