"""Programs that came from ONNX as source: modules, constants and layers as they once were."""

import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from tests.converters.test_torch_source import imported, lint
from workers.onnx_torch.exporting import export
from workers.onnx_torch.importer import load
from workers.runtimes.onnx import OnnxRuntime
from workers.torch_source.writing import write_checked

WIDTH = 4
DRAW = np.random.default_rng(0)


class Net:
    """Builds an ONNX file of one input `x` of floats, (batch, 4)."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []

    def node(self, operator: str, scope: str, *inputs: str, **attributes: object) -> str:
        """A node in a module, as torch.onnx names it; gives the name of its result."""
        made = f"{operator.lower()}_{len(self.nodes)}"
        name = f"/{scope.replace('.', '/')}/{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [made], name, **attributes))
        return made

    def tensor(self, name: str, array: object) -> str:
        self.tensors.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, name: str, *shape: int) -> str:
        return self.tensor(name, DRAW.standard_normal(shape).astype(np.float32))

    def linear(self, path: str, given: str, bias: str | None = None) -> str:
        product = self.node("MatMul", path, given, self.weight(f"{path}.weight", WIDTH, WIDTH))
        return self.node("Add", path, product, bias or self.weight(f"{path}.bias", WIDTH))

    def saved(self, path: Path, output: str) -> Path:
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", WIDTH])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
            self.tensors,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
        onnx.save(onnx.shape_inference.infer_shapes(model), path)
        return path


@pytest.fixture
def write(tmp_path):
    def make(net: Net, output: str) -> tuple[str, dict[str, object]]:
        path = net.saved(tmp_path / "net.onnx", output)
        program = export(load(path), OnnxRuntime().inspect(path, {}).signature)
        facts = write_checked(program, tmp_path / "package", "Model")
        module = imported(tmp_path / "package").build()
        inputs = torch.randn(3, WIDTH)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (expected,) = session.run(None, {"x": inputs.numpy()})
        given = torch.utils._pytree.tree_leaves(module(inputs))[0]
        torch.testing.assert_close(given, torch.from_numpy(expected))
        text = (tmp_path / "package" / "model.py").read_text()
        assert lint(text) == ""
        assert not re.search(r"get_submodule|get_parameter|get_buffer|full_\d|lifted", text)
        return text, facts

    return make


def classes(text: str) -> list[str]:
    return re.findall(r"^class (\w+)", text, re.MULTILINE)


def forwards(text: str) -> set[str]:
    """What each forward takes, but for `self`."""
    return set(re.findall(r"def forward\(self, ([^)]*)\)", text))


def test_numbers_stand_where_they_are_used_and_layers_are_one_class(write):
    net = Net()
    at = net.linear("embed", "x")
    for number in range(2):
        path = f"layers.{number}"
        at = net.node("Mul", path, at, net.tensor(f"half_{number}", np.float32(0.5)))
        at = net.node("Tanh", path, net.linear(f"{path}.line", at))
        at = net.node("Max", path, at, net.tensor(f"least_{number}", np.float32(-0.25)))
    text, facts = write(net, at)
    assert facts["style"] == "modules"
    assert classes(text) == ["Layer", "Model"]
    assert forwards(text) == {"x: Tensor"}
    assert "x * 0.5" in text
    assert "clamp(min=-0.25)" in text
    assert "nn.Sequential(*[Layer() for _ in range(2)])" in text


def test_what_the_first_layer_computes_for_all_is_handed_to_each(write):
    net = Net()
    at, mask = net.linear("embed", "x"), ""
    zero, low = net.tensor("zero", np.float32(0)), net.tensor("low", np.finfo(np.float32).min)
    for number in range(3):
        path = f"layers.{number}.attention"
        scores = net.linear(f"{path}.scores", at)
        mask = mask or net.node("Where", path, net.node("Less", path, "x", zero), zero, low)
        weights = net.node("Softmax", path, net.node("Add", path, scores, mask))
        at = net.node("Add", f"layers.{number}", weights, at)
    text, facts = write(net, at)
    assert facts["style"] == "modules"
    assert classes(text) == ["Attention", "Layer", "Model"]
    assert "for layer in self.layers:" in text
    assert "torch.where(x < 0.0, 0.0, torch.finfo(torch.float32).min)" in text


def test_a_vector_that_modules_were_made_to_share_is_each_ones_own(write):
    net = Net()
    at = net.linear("embed", "x")
    scale = net.weight("blocks.0.first_norm.weight", WIDTH)
    for number in range(2):
        for norm in ("first_norm", "last_norm"):
            path = f"blocks.{number}.{norm}"
            largest = net.node("ReduceMax", path, at, keepdims=1)
            at = net.node("Mul", path, net.node("Sub", path, at, largest), scale)
    text, _ = write(net, at)
    assert classes(text) == ["Norm", "Block", "Model"]
    assert text.count("Norm()") == 2
    assert forwards(text) == {"x: Tensor"}


def test_tables_of_numbers_are_written_as_what_they_are(write):
    net = Net()
    wide = net.node("Concat", "", "x", "x", "x", "x", axis=1)
    part = net.node("Gather", "", wide, net.tensor("val_7", np.arange(2, 14)), axis=1)
    odd = net.tensor("val_8", np.array([1, 0, 3, 0, 1, 1, 2, 3, 3, 2]))
    shuffled = net.node("Gather", "", part, odd, axis=1)
    text, _ = write(net, shuffled)
    assert "torch.arange(2, 14, device=" in text
    assert "self.index" in text
    assert "val_" not in text


def test_a_node_without_a_name_belongs_to_the_module_around_it(write):
    net = Net()
    at = net.linear("embed", "x")
    for number in range(2):
        path = f"blocks.{number}"
        wide = net.linear(f"{path}.wide", at)
        halves = [f"left_{number}", f"right_{number}"]
        net.nodes.append(helper.make_node("Split", [wide], halves, axis=1, num_outputs=2))
        turned = net.node("Concat", path, halves[1], halves[0], axis=1)
        at = net.node("Mul", path, net.node("Tanh", path, turned), at)
    text, _ = write(net, at)
    assert classes(text) == ["Block", "Model"]


def test_recurrent_weights_are_those_of_a_module(write):
    net = Net()
    steps = net.node("Unsqueeze", "cell", "x", net.tensor("axis", np.array([0])))
    weights = [net.weight(f"onnx::LSTM_{each}", 1, 12, WIDTH - each) for each in (0, 1)]
    bias = net.weight("onnx::LSTM_2", 1, 24)
    made = net.node("LSTM", "cell", steps, *weights, bias, hidden_size=3)
    at = net.node("Squeeze", "cell", made, net.tensor("axes", np.array([0, 1])))
    text, _ = write(net, net.node("Tanh", "last", at))
    assert re.search(r"= nn\.LSTM\(4, 3\)", text)
    assert "torch.lstm" not in text


def test_a_head_that_shares_its_weights_with_the_embedding_is_tied(write):
    net = Net()
    table = DRAW.standard_normal((9, WIDTH)).astype(np.float32)
    ids = net.node(
        "Cast", "", net.node("Clip", "", net.node("Abs", "", "x")), to=TensorProto.INT64
    )
    at = net.node("Gather", "words", net.tensor("head.weight", table), ids)
    at = net.node("Tanh", "", at)
    at = net.node("MatMul", "head", at, net.tensor("onnx::MatMul_5", table.T.copy()))
    text, _ = write(net, at)
    assert "self.head = nn.Linear(4, 9, bias=False)" in text
    assert "self.words = nn.Embedding(9, 4)" in text
    assert "self.words.weight = self.head.weight" in text
