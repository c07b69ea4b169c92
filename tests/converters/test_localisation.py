"""Localisation: of a result that is wrong, the step and the node, found by running both."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from shared.domain.plans import Convert
from tests.support.yard import PLUGIN
from workers.converters import catalogue

SIZE = 8


@pytest.fixture(autouse=True)
def _spoilers(monkeypatch):
    """The catalogue with the converters that do one thing wrong."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    catalogue.cache_clear()
    yield
    catalogue.cache_clear()


@pytest.fixture
def carried(bench):
    """Walk a route, then verify its end with all that a worker would have."""

    def carry(source, *steps, **options):
        at, kind = source
        route, written = [], []
        for name, own in steps:
            edge = catalogue()[name]
            made, at = bench.convert(name, at, **own)
            assert made.kind == "produced", made
            kind = edge.target.name
            written.append((at, kind))
            route.append(
                Convert(
                    converter=name,
                    version=edge.version,
                    source=edge.source.name,
                    target=kind,
                    options=own,
                    toolchain={},
                )
            )
        return bench.verify(source, written[-1], route=route, between=written[:-1], **options)

    return carry


def network(path):
    """MatMuls and Tanhs around a transpose, a norm and an LSTM: 24 nodes."""
    rng = np.random.default_rng(0)
    nodes, weights = [], []

    def weight(name, *shape, scale=0.6):
        array = (rng.standard_normal(shape) * scale).astype(np.float32)
        weights.append(numpy_helper.from_array(array, name))
        return name

    def add(kind, *inputs, name, **attributes):
        outputs = [name, "", ""] if kind == "LSTM" else [name]
        nodes.append(helper.make_node(kind, inputs, outputs[:1], name=f"the {name}", **attributes))
        return name

    def mixed(x, name):
        x = add("MatMul", x, weight(f"{name}.w", SIZE, SIZE), name=f"{name}.product")
        x = add("Add", x, weight(f"{name}.b", SIZE), name=f"{name}.sum")
        return add("Tanh", x, name=f"{name}.tanh")

    x = mixed(mixed("x", "first"), "second")
    x = add("Transpose", x, perm=[0, 2, 1], name="turned")
    x = mixed(x, "third")
    small = weight("small", 1, scale=0.05)
    x = add("Mul", x, small, name="quiet")
    ends = weight("scale", SIZE, scale=1), weight("shift", SIZE)
    x = add("LayerNormalization", x, *ends, axis=-1, epsilon=1e-5, name="normed")
    x = mixed(x, "fourth")
    x = add("Transpose", x, perm=[1, 0, 2], name="steps first")
    gates = weight("W", 1, 4 * SIZE, SIZE), weight("R", 1, 4 * SIZE, SIZE)
    x = add("LSTM", x, *gates, hidden_size=SIZE, name="recurrent")
    x = add("Squeeze", x, "axis", name="squeezed")
    x = mixed(x, "fifth")
    x = mixed(x, "sixth")
    weights.append(numpy_helper.from_array(np.array([1], np.int64), "axis"))
    kind = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, ("n", SIZE, SIZE))],
        [helper.make_tensor_value_info(x, kind, (SIZE, "n", SIZE))],
        weights,
    )
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, ir_version=9, opset_imports=opsets), path)
    return path, "onnx"


CULPRITS = {
    "transpose": ("the turned", "Transpose"),
    "gates": ("the recurrent", "LSTM"),
    "epsilon": ("the normed", "LayerNormalization"),
}


def hold_named(note, refused, how, step):
    fault = refused(note, "accuracy_mismatch")
    located = note.report["located"]
    assert (located["node"], located["operator"]) == CULPRITS[how], located
    assert (fault.node, fault.operator) == CULPRITS[how]
    assert located["step"] == step
    assert located["error_before"] < 1e-4
    assert located["error_after"] > 1e-3
    assert located["range"] is None
    assert located["why"] is None
    assert f"at the node {CULPRITS[how][0]!r}" in fault.detail
    return located


@pytest.mark.parametrize("how", CULPRITS)
def test_what_stays_onnx_is_compared_tensor_by_tensor(carried, refused, tmp_path, how):
    note = carried(network(tmp_path / "a.onnx"), ("spoiler", {"spoil": how}))
    located = hold_named(note, refused, how, 0)
    assert located["runs"] <= 6


@pytest.mark.parametrize("how", CULPRITS)
def test_an_importer_is_tried_on_ever_smaller_parts(carried, refused, tmp_path, how):
    note = carried(network(tmp_path / "a.onnx"), ("misreader", {"misread": how}))
    located = hold_named(note, refused, how, 0)
    assert located["runs"] <= 6


def test_of_two_steps_the_second_is_named(carried, refused, tmp_path):
    steps = ("onnx-opset", {"opset": 20}), ("misreader", {"misread": "epsilon"})
    note = carried(network(tmp_path / "a.onnx"), *steps)
    located = hold_named(note, refused, "epsilon", 1)
    assert "Step 2 of 2, misreader" in note.fault.detail
    assert located["converter"] == "misreader"


def test_of_two_steps_the_first_is_named(carried, refused, tmp_path):
    steps = ("spoiler", {"spoil": "gates"}), ("onnx-to-pt2", {})
    note = carried(network(tmp_path / "a.onnx"), *steps)
    hold_named(note, refused, "gates", 0)
    assert "Step 1 of 2, spoiler" in note.fault.detail


class Normed(torch.nn.Module):
    """The norm comes after a layer that makes its inputs small."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(SIZE, SIZE)
        self.norm = torch.nn.LayerNorm(SIZE)
        self.recurrent = torch.nn.LSTM(SIZE, SIZE, batch_first=True)
        self.head = torch.nn.Linear(SIZE, 3)

    def forward(self, x):
        x = self.norm(torch.tanh(self.first(x)) * 0.05)
        a, b = torch.chunk(self.recurrent(x)[0], 2, dim=1)
        return self.head(a), b.mean(1)


def program(path):
    torch.manual_seed(0)
    batch = torch.export.Dim("batch", min=1, max=64)
    inputs = (torch.randn(3, 4, SIZE),)
    exported = torch.export.export(Normed().eval(), inputs, dynamic_shapes=({0: batch},))
    torch.export.save(exported, path)
    return path, "pt2"


def test_a_node_of_a_program_is_named_with_its_module(carried, refused, tmp_path):
    note = carried(program(tmp_path / "a.pt2"), ("misexporter", {"misread": "epsilon"}))
    fault = refused(note, "accuracy_mismatch")
    assert (fault.node, fault.operator) == ("layer_norm", "aten.layer_norm.default")
    assert note.report["located"]["module"] == "norm"
    assert "of 'norm'" in fault.detail


def test_nothing_is_looked_for_where_all_agree(carried, tmp_path):
    note = carried(network(tmp_path / "a.onnx"), ("onnx-opset", {"opset": 20}))
    assert note.kind == "agreed"
    assert "located" not in note.report
