"""Rows of a mask that are hidden throughout: as PyTorch has them, by each road to ONNX."""

from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

KINDS = ("bool", "-inf", "lowest")


class Attention(nn.Module):
    """Three heads of 8, over 5 positions."""

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)


class Unmasked(nn.Module):
    """Nothing hidden, and what lies ahead hidden."""

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        free = functional.scaled_dot_product_attention(query, key, value)
        return free + functional.scaled_dot_product_attention(query, key, value, is_causal=True)


def drawn(kind: str) -> tuple[Tensor, ...]:
    """Queries, keys and values [2, 3, 5, 8], and a mask [2, 1, 5, 5] with hidden rows."""
    torch.manual_seed(7)
    heads = tuple(torch.randn(2, 3, 5, 8) for _ in range(3))
    shown = torch.rand(2, 1, 5, 5) > 0.4
    shown[:, :, 0, 0] = True
    shown[0, 0, 1] = shown[1, 0, 3] = False
    hidden = {"-inf": -torch.inf, "lowest": torch.finfo(torch.float32).min}
    return *heads, shown if kind == "bool" else torch.where(shown, 0.0, hidden[kind])


def computed(path: Any, given: tuple[Tensor, ...]) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return session.run(None, dict(zip(names, [each.numpy() for each in given], strict=True)))[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("route", "opset"),
    [("pt2-to-onnx", 18), ("pt2-to-onnx", 23), ("pt2-to-onnx-traced", 14)],
)
def test_a_row_that_is_hidden_throughout_is_as_the_source_has_it(
    bench, tmp_path, kind, route, opset
):
    given = drawn(kind)
    expected = Attention()(*given).numpy()
    mean = given[2][0].mean(dim=1).numpy()
    np.testing.assert_allclose(
        expected[0, :, 1], mean if kind == "lowest" else np.zeros_like(mean), atol=1e-6
    )
    path = tmp_path / "m.pt2"
    torch.export.save(torch.export.export(Attention(), given), path)
    _, output = bench.convert(route, path, opset=opset)
    np.testing.assert_allclose(computed(output, given), expected, atol=1e-6)


def test_attention_without_a_mask_is_written_as_before(bench, tmp_path):
    import onnx

    given = drawn("bool")[:3]
    path = tmp_path / "m.pt2"
    torch.export.save(torch.export.export(Unmasked(), given), path)
    _, output = bench.convert("pt2-to-onnx", path)
    kinds = {node.op_type for node in onnx.load(output).graph.node}
    assert not kinds & {"Where", "ReduceMax", "IsNaN", "Equal"}
    np.testing.assert_allclose(computed(output, given), Unmasked()(*given).numpy(), atol=1e-5)
