"""Models whose data decide what they run are known as such, whatever wrote them down."""

import numpy as np
import onnx
import pytest
import tensorflow as tf
import torch
from onnx import TensorProto, helper, numpy_helper

from shared.domain.signatures import Tensor
from workers.runtimes import RUNTIMES


def branch_of_onnx(path):
    kind = TensorProto.FLOAT
    made = helper.make_tensor_value_info("z", kind, None)
    graphs = [
        helper.make_graph([helper.make_node(operator, ["x"], ["z"])], operator, [], [made])
        for operator in ("Neg", "Abs")
    ]
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], keepdims=0),
        helper.make_node("Greater", ["mean", "half"], ["more"]),
        helper.make_node("If", ["more"], ["y"], then_branch=graphs[0], else_branch=graphs[1]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, (2, 3))],
        [helper.make_tensor_value_info("y", kind, (2, 3))],
        [numpy_helper.from_array(np.float32(0.5), "half")],
    )
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, ir_version=9, opset_imports=opsets), path)


class Branch(torch.nn.Module):
    def forward(self, x):
        return torch.cond(x.mean() > 0.5, lambda y: -y, lambda y: y.abs(), (x,))


class Scripted(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if bool(x.mean() > 0.5):
            return -x
        return x.abs()


def branch_of_pt2(path):
    torch.export.save(torch.export.export(Branch(), (torch.ones(2, 3),)), path)


def branch_of_torchscript(path):
    torch.jit.script(Scripted()).save(path)


def _function():
    @tf.function(input_signature=[tf.TensorSpec((2, 3), tf.float32, name="x")])
    def call(x):
        return tf.cond(tf.reduce_mean(x) > 0.5, lambda: -x, lambda: tf.abs(x))

    return call


def branch_of_savedmodel(path):
    module = tf.Module()
    module.call = _function()
    tf.saved_model.save(module, path, signatures=module.call.get_concrete_function())


def branch_of_tflite(path):
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [_function().get_concrete_function()]
    )
    path.write_bytes(converter.convert())


def branch_of_frozen_graph(path):
    path.write_bytes(_function().get_concrete_function().graph.as_graph_def().SerializeToString())


MAKERS = {
    "onnx": branch_of_onnx,
    "pt2": branch_of_pt2,
    "torchscript": branch_of_torchscript,
    "savedmodel": branch_of_savedmodel,
    "tflite": branch_of_tflite,
    "frozen-graph": branch_of_frozen_graph,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_branch_is_known_and_taken_either_way(kind, tmp_path):
    MAKERS[kind](tmp_path / "a")
    twos = np.full((2, 3), 2, np.float32)
    told = {"x": Tensor(name="x", dtype="float32", shape=(2, 3))}
    with RUNTIMES[kind].open(tmp_path / "a", told) as session:
        assert session.branches
        (name,) = (each.name for each in session.signature.inputs)
        (high,) = session({name: twos}).values()
        (low,) = session({name: -twos}).values()
    assert (high == -2).all()
    assert (low == 2).all()
