"""Frozen graphs: told by their placeholders and sinks, run, and carried on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.errors import InvalidModel, InvalidOptions, UnsupportedOperator
from workers.runtimes.frozen_graph import FrozenGraphRuntime

tf: Any = pytest.importorskip("tensorflow")
v1 = tf.compat.v1


def written(graph: Any, path: Path) -> Path:
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two placeholders, a branch in the old style of TensorFlow 1, two outputs."""
    rng = np.random.default_rng(2)
    with tf.Graph().as_default() as graph:
        picture = v1.placeholder(tf.float32, [None, 8, 8, 3], name="picture")
        scale = v1.placeholder(tf.float32, [None, 1], name="side/scale")
        kernel = tf.constant(rng.normal(0, 0.3, (3, 3, 3, 6)), tf.float32)
        x = tf.nn.conv2d(picture, kernel, 1, "SAME")
        x, _, _ = v1.nn.fused_batch_norm(
            x,
            *(tf.constant(rng.uniform(0.5, 1.5, 6), tf.float32) for _ in range(4)),
            is_training=False,
        )
        x = tf.reduce_mean(tf.nn.relu(x), [1, 2]) * scale
        weights = tf.constant(rng.normal(0, 0.5, (6, 4)), tf.float32)
        logits = tf.matmul(x, weights, name="logits")
        tf.argmax(logits, 1, name="best")
        tf.nn.softmax(logits, name="chances")
        tf.constant(3.0, name="forgotten")
    return written(graph, tmp_path_factory.mktemp("frozen") / "model.pb")


def test_placeholders_go_in_and_sinks_come_out(network: Path) -> None:
    found = FrozenGraphRuntime().inspect(network, {})
    assert [(each.name, each.shape) for each in found.signature.inputs] == [
        ("picture", ("batch", 8, 8, 3)),
        ("side/scale", ("batch", 1)),
    ]
    assert [each.name for each in found.signature.outputs] == ["best", "chances"]
    assert found.operators["Conv2D"] == 1
    assert found.parameters >= 3 * 3 * 3 * 6 + 24 + 24


@pytest.mark.parametrize("edge", ["frozen-graph-to-onnx", "frozen-graph-to-savedmodel"])
def test_carried_and_verified(bench: Any, network: Path, edge: str) -> None:
    carried = bench.carry(edge, network)
    assert {each["name"] for each in carried.report["outputs"]} == {"best", "chances"}
    assert len(carried.report["cases"]) > 2


def test_other_ends(bench: Any, network: Path) -> None:
    ends = {"graph_inputs": ["Mean", "side/scale:0"], "graph_outputs": ["logits"]}
    carried = bench.carry("frozen-graph-to-onnx", network, **ends)
    taken = carried.inspection["signature"]["inputs"]
    assert [(each["name"], each["shape"]) for each in taken] == [
        ("Mean", ["batch", 6]),
        ("side/scale", ["batch", 1]),
    ]
    assert [each["name"] for each in carried.report["outputs"]] == ["logits"]


def test_an_end_that_is_none(network: Path) -> None:
    runtime = FrozenGraphRuntime()
    note = network.with_name("model.pb.tensors")
    with pytest.raises(InvalidOptions, match="graph_outputs names 'nothing'"):
        runtime.inspect(runtime.choose(network, {"graph_outputs": ["nothing"]}), {})
    note.unlink()


def test_a_loop_of_tensorflow_1(bench: Any, tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None, 3], name="x")
        _, out = v1.while_loop(
            lambda i, _: i < 4, lambda i, y: (i + 1, tf.tanh(y * 1.5 + x)), (tf.constant(0), x)
        )
        tf.identity(out, name="y")
    source = written(graph, tmp_path / "loop.pb")
    bench.carry("frozen-graph-to-onnx", source, graph_outputs=["y"])


def test_variables_are_not_frozen(tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph:
        x = v1.placeholder(tf.float32, [None, 3], name="x")
        weights = v1.get_variable("weights", [3, 2], use_resource=False)
        tf.matmul(x, weights, name="y")
    with pytest.raises(InvalidModel, match="not frozen") as caught:
        FrozenGraphRuntime().inspect(written(graph, tmp_path / "model.pb"), {})
    assert caught.value.fault.node == "weights"


def test_an_operator_that_nobody_has(tmp_path: Path) -> None:
    proto = v1.GraphDef()
    proto.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    proto.node.add(name="odd", op="CustomThing", input=["x"])
    (tmp_path / "model.pb").write_bytes(proto.SerializeToString())
    with pytest.raises(UnsupportedOperator) as caught:
        FrozenGraphRuntime().inspect(tmp_path / "model.pb", {})
    assert (caught.value.fault.node, caught.value.fault.operator) == ("odd", "CustomThing")


@pytest.mark.parametrize("content", [b"\x0a\xff\xffcut", b""])
def test_damaged(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.pb").write_bytes(content)
    with pytest.raises(InvalidModel):
        FrozenGraphRuntime().inspect(tmp_path / "model.pb", {})


def test_an_input_that_leads_nowhere(tmp_path: Path) -> None:
    proto = v1.GraphDef()
    node = proto.node.add(name="y", op="Relu", input=["missing"])
    node.attr["T"].type = 1
    (tmp_path / "model.pb").write_bytes(proto.SerializeToString())
    with pytest.raises(InvalidModel, match="cannot build"):
        FrozenGraphRuntime().inspect(tmp_path / "model.pb", {})
