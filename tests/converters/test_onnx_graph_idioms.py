"""Spelled-out layer norms and GELUs are found, and only where they are what they seem."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from workers.onnx_graph.reading import read
from workers.onnx_torch.running import run_model


def everything(*_: object) -> bool:
    return True


def operators(path: Path) -> list[str]:
    return [node.operator for node in read(path, everything).graph.nodes]


def agrees(path: Path, x: Any) -> None:
    session = onnxruntime.InferenceSession(path)
    expected = session.run(None, {session.get_inputs()[0].name: x})[0]
    np.testing.assert_allclose(run_model(path)([x])[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_what_the_older_exporter_spells_out(tmp_path: Path, approximate: str) -> None:
    torch.manual_seed(0)
    norm = nn.LayerNorm(8, eps=1e-4)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    path = tmp_path / "m.onnx"
    x = torch.randn(3, 5, 8)
    torch.onnx.export(nn.Sequential(norm, nn.GELU(approximate)), (x,), path, dynamo=False,
                      opset_version=14)  # fmt: skip
    found = operators(path)
    assert {"LayerNormalization", "Gelu"} <= set(found)
    assert not {"Erf", "Tanh", "ReduceMean", "Pow", "Sqrt"} & set(found)
    (norm_node,) = (n for n in read(path, everything).graph.nodes if "Norm" in n.operator)
    assert norm_node.attributes["epsilon"] == pytest.approx(1e-4)
    agrees(path, x.numpy())


def test_gelu_as_keras_has_it(tmp_path: Path) -> None:
    """0.5 * x * (1 + erf(x * 0.7071))."""
    path = _saved(
        tmp_path,
        [("Mul", "x root", "a"), ("Erf", "a", "b"), ("Add", "one b", "c"), ("Mul", "half x", "d"),
         ("Mul", "d c", "y")],
        root=np.sqrt(0.5), one=1, half=0.5,
    )  # fmt: skip
    assert operators(path) == ["Gelu"]
    agrees(path, np.random.default_rng(0).standard_normal((4, 3)).astype("float32"))


@pytest.mark.parametrize(
    ("changed", "value"), [("half", 0.4), ("one", 2.0), ("root", 1.0)], ids=str
)
def test_another_number_is_another_function(tmp_path: Path, changed: str, value: float) -> None:
    numbers = {"root": np.sqrt(0.5), "one": 1.0, "half": 0.5} | {changed: value}
    path = _saved(
        tmp_path,
        [("Mul", "x root", "a"), ("Erf", "a", "b"), ("Add", "one b", "c"), ("Mul", "half x", "d"),
         ("Mul", "d c", "y")],
        **numbers,
    )  # fmt: skip
    assert "Gelu" not in operators(path)
    agrees(path, np.random.default_rng(0).standard_normal((4, 3)).astype("float32"))


def test_what_somebody_else_reads_stays(tmp_path: Path) -> None:
    path = _saved(
        tmp_path,
        [("Mul", "x root", "a"), ("Erf", "a", "b"), ("Add", "one b", "c"), ("Mul", "half x", "d"),
         ("Mul", "d c", "e"), ("Add", "e b", "y")],
        root=np.sqrt(0.5), one=1, half=0.5,
    )  # fmt: skip
    assert "Gelu" not in operators(path)
    agrees(path, np.random.default_rng(0).standard_normal((4, 3)).astype("float32"))


def _saved(folder: Path, nodes: list[tuple[str, str, str]], **numbers: float) -> Path:
    made = [helper.make_node(name, takes.split(), gives.split()) for name, takes, gives in nodes]
    weights = [numpy_helper.from_array(np.float32(value), name) for name, value in numbers.items()]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in "xy"]
    graph = helper.make_graph(made, "g", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = folder / "m.onnx"
    path.write_bytes(model.SerializeToString())
    return path
