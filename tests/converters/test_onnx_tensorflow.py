"""ONNX to SavedModel by the importer of our own: the same numbers, few transposes, true names."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from onnx import TensorProto, helper, numpy_helper

from shared.domain.orders import AgreedNote, ProducedNote
from workers.onnx_tensorflow.running import load, run_model
from workers.onnx_tensorflow.saving import save, traced

EDGE = "onnx-to-savedmodel"


def value(name: str, shape: Sequence[Any], dtype: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, dtype, shape)


def weight(name: str, *shape: int, seed: int = 0) -> Any:
    drawn = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return numpy_helper.from_array(drawn * 0.3, name)


def write(
    path: Path,
    nodes: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    weights: Sequence[Any] = (),
) -> Path:
    graph = helper.make_graph(list(nodes), "g", list(inputs), list(outputs), list(weights))
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    return path


def cnn(path: Path, *, name: str = "image") -> Path:
    """Convolution, pooling, squeeze and excitation, a skip, resizing, joining, a head."""
    node = helper.make_node
    nodes = [
        node("Conv", [name, "stem.weight", "stem.bias"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", ["a"], ["b"]),
        node("Conv", ["b", "depth.weight"], ["c"], pads=[1, 1, 1, 1], group=8),
        node("GlobalAveragePool", ["c"], ["d"]),
        node("Conv", ["d", "squeeze.weight"], ["e"]),
        node("Sigmoid", ["e"], ["f"]),
        node("Mul", ["c", "f"], ["g"]),
        node("Add", ["g", "b"], ["h"]),
        node("MaxPool", ["h"], ["i"], kernel_shape=[2, 2], strides=[2, 2]),
        node("ConvTranspose", ["i", "up.weight"], ["j"], strides=[2, 2]),
        node("Concat", ["j", "h"], ["k"], axis=1),
        node("Mul", ["k", "gain"], ["l"]),
        node("GlobalAveragePool", ["l"], ["m"]),
        node("Flatten", ["m"], ["n"]),
        node("Gemm", ["n", "head.weight", "head.bias"], ["scores"], transB=1),
    ]
    weights = [
        weight("stem.weight", 8, 3, 3, 3),
        weight("stem.bias", 8, seed=1),
        weight("depth.weight", 8, 1, 3, 3, seed=2),
        weight("squeeze.weight", 8, 8, 1, 1, seed=3),
        weight("up.weight", 8, 6, 2, 2, seed=4),
        weight("gain", 14, 1, 1, seed=5),
        weight("head.weight", 5, 14, seed=6),
        weight("head.bias", 5, seed=7),
    ]
    ends = [value(name, ["batch", 3, 16, 16])], [value("scores", ["batch", 5])]
    return write(path, nodes, *ends, weights)


def operators(module: Any) -> Counter[str]:
    graph = module.function.graph.as_graph_def()
    inner = [node for each in graph.library.function for node in each.node_def]
    return Counter(node.op for node in (*graph.node, *inner))


def images(model: Path) -> tuple[list[np.ndarray[Any, Any]], list[np.ndarray[Any, Any]]]:
    """Inputs of a model of images at batch 3, and what ONNX Runtime makes of them."""
    session = onnxruntime.InferenceSession(str(model))
    generator = np.random.default_rng(3)
    shapes = [[3, *each.shape[1:]] for each in session.get_inputs()]
    given = [generator.standard_normal(shape).astype(np.float32) for shape in shapes]
    names = [each.name for each in session.get_inputs()]
    return given, session.run(None, dict(zip(names, given, strict=True)))


def test_a_cnn_agrees_at_every_batch(bench: Any, tmp_path: Path) -> None:
    carried = bench.carry(EDGE, cnn(tmp_path / "cnn.onnx"))
    assert carried.report["matched_by"] == "inputs by name, outputs by name"
    shapes = {tuple(each["shapes"]["image"]) for each in carried.report["cases"]}
    assert len({shape[0] for shape in shapes}) > 1


def test_a_cnn_is_transposed_at_its_input_alone(tmp_path: Path) -> None:
    model = load(cnn(tmp_path / "cnn.onnx"))
    assert operators(traced(model))["Transpose"] == 1
    assert operators(traced(model, inputs_channels_last=True))["Transpose"] == 0


def test_images_with_channels_last_are_verified(bench: Any, tmp_path: Path) -> None:
    path = cnn(tmp_path / "cnn.onnx")
    carried = bench.carry(EDGE, path, inputs_channels_last=True)
    assert "image with the channels moved" in carried.report["matched_by"]


def test_it_goes_on_to_tensorflow_lite_without_a_transpose(bench: Any, tmp_path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    path = cnn(tmp_path / "cnn.onnx")
    produced, saved = bench.convert(EDGE, path, inputs_channels_last=True)
    assert isinstance(produced, ProducedNote), produced
    produced, lite = bench.convert("savedmodel-to-tflite", saved)
    assert isinstance(produced, ProducedNote), produced
    verdict = bench.verify((path, "onnx"), (lite, "tflite"))
    assert isinstance(verdict, AgreedNote), verdict
    found = {each["op_name"] for each in Interpreter(model_path=str(lite))._get_ops_details()}
    assert "CONV_2D" in found
    assert "TRANSPOSE" not in found


def test_channels_last_where_none_could_tell_is_refused(
    bench: Any, tmp_path: Path, refused: Any
) -> None:
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    ends = [value("x", [1, 3, 3, 3])], [value("y", [1, 2, 3, 3])]
    path = write(tmp_path / "cube.onnx", [node], *ends, [weight("w", 2, 3, 1, 1)])
    note, _ = bench.convert(EDGE, path, inputs_channels_last=True)
    assert refused(note, "invalid_options").field == "inputs_channels_last"


def test_resnet18_has_two_transposes_at_most(tmp_path: Path) -> None:
    import torch

    from bench.resnet18 import resnet18

    path = tmp_path / "resnet.onnx"
    example = torch.randn(1, 3, 64, 64)
    torch.onnx.export(
        resnet18(), (example,), str(path), dynamo=False, dynamic_axes={"x": {0: "n"}},
        input_names=["x"],
    )  # fmt: skip
    module = traced(load(path))
    assert operators(module)["Transpose"] <= 2
    given, expected = images(path)
    found = module.function(x=tf.constant(given[0]))
    answer = next(iter(found.values())).numpy()
    assert np.abs(answer - expected[0]).max() < 1e-4 * np.abs(expected[0]).max()


def test_weights_are_variables_under_their_names(tmp_path: Path) -> None:
    """TensorFlow writes a dot in a checkpoint's keys twice."""
    save(load(cnn(tmp_path / "cnn.onnx")), tmp_path / "saved")
    names = {
        name for name, _ in tf.train.list_variables(str(tmp_path / "saved/variables/variables"))
    }
    assert "weights/stem..weight/.ATTRIBUTES/VARIABLE_VALUE" in names
    kernel = tf.train.load_variable(
        str(tmp_path / "saved/variables/variables"),
        "weights/stem..weight/.ATTRIBUTES/VARIABLE_VALUE",
    )
    told = numpy_helper.to_array(weight("stem.weight", 8, 3, 3, 3))
    np.testing.assert_array_equal(kernel, told.transpose(2, 3, 1, 0))


def test_keras_takes_it_as_a_layer(tmp_path: Path) -> None:
    import keras

    path = cnn(tmp_path / "cnn.onnx")
    save(load(path), tmp_path / "saved")
    layer = keras.layers.TFSMLayer(str(tmp_path / "saved"), call_endpoint="serving_default")
    given, expected = images(path)
    found = layer(tf.constant(given[0]))["scores"]
    np.testing.assert_allclose(found.numpy(), expected[0], rtol=1e-3, atol=1e-5)


def test_names_that_tensorflow_cannot_write_are_matched(bench: Any, tmp_path: Path) -> None:
    """z:0 comes before a.1 in the graph, and after it by name."""
    nodes = [helper.make_node("Sub", ["z:0", "a.1"], ["0.diff"])]
    shape = ["n", 4]
    ends = [value("z:0", shape), value("a.1", shape)], [value("0.diff", shape)]
    path = write(tmp_path / "names.onnx", nodes, *ends)
    carried = bench.carry(EDGE, path)
    assert carried.report["matched_by"] == "inputs by name, outputs by name"


def test_grouped_convolutions_with_a_bias_run_as_saved(bench: Any, tmp_path: Path) -> None:
    """TensorFlow's optimiser fuses the two into a kernel that has no groups, when they are run."""
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["y"], group=4, pads=[1, 1, 1, 1])]
    weights = [weight("w", 16, 4, 3, 3), weight("b", 16, seed=1)]
    ends = [value("x", ["n", 16, 8, 8])], [value("y", ["n", 16, 8, 8])]
    bench.carry(EDGE, write(tmp_path / "grouped.onnx", nodes, *ends, weights))


def test_a_float8_output_is_refused_by_name(bench: Any, tmp_path: Path, refused: Any) -> None:
    node = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT8E4M3FN)
    outputs = [value("y", [2], TensorProto.FLOAT8E4M3FN)]
    path = tmp_path / "float8.onnx"
    graph = helper.make_graph([node], "g", [value("x", [2])], outputs)
    opset = [helper.make_opsetid("", 19)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    note, _ = bench.convert(EDGE, path)
    fault = refused(note, "conversion_failed")
    assert fault.node == "y"
    assert "float8_e4m3fn" in fault.detail


def test_an_operator_without_translation_is_named(
    bench: Any, tmp_path: Path, refused: Any
) -> None:
    node = helper.make_node("Madeup", ["x"], ["y"], name="odd", domain="org.example")
    graph = helper.make_graph([node], "g", [value("x", [2])], [value("y", [2])])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("org.example", 1)]
    path = tmp_path / "odd.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    note, _ = bench.convert(EDGE, path)
    fault = refused(note, "unsupported_operator")
    assert (fault.node, fault.operator) == ("odd", "org.example.Madeup")


def test_branches_and_loops_stay_in_the_graph(bench: Any, tmp_path: Path) -> None:
    """x is doubled as often as `times` says, then negated if its sum is positive."""
    node = helper.make_node
    body = helper.make_graph(
        [node("Add", ["s", "s"], ["t"]), node("Identity", ["go"], ["on"])],
        "body",
        [value("i", [], TensorProto.INT64), value("go", [], TensorProto.BOOL), value("s", ["n"])],
        [value("on", [], TensorProto.BOOL), value("t", ["n"])],
    )
    then = helper.make_graph([node("Neg", ["d"], ["p"])], "then", [], [value("p", ["n"])])
    other = helper.make_graph([node("Identity", ["d"], ["q"])], "else", [], [value("q", ["n"])])
    nodes = [
        node("Loop", ["times", "", "x"], ["d"], body=body),
        node("ReduceSum", ["d"], ["sum"], keepdims=0),
        node("Greater", ["sum", "zero"], ["positive"]),
        node("If", ["positive"], ["y"], then_branch=then, else_branch=other),
    ]
    constants = [
        numpy_helper.from_array(np.array(3, np.int64), "times"),
        numpy_helper.from_array(np.array(0, np.float32), "zero"),
    ]
    path = tmp_path / "control.onnx"
    path = write(path, nodes, [value("x", ["n"])], [value("y", ["n"])], constants)
    produced, output = bench.convert(EDGE, path)
    assert isinstance(produced, ProducedNote), produced
    verdict = bench.verify((path, "onnx"), (output, "savedmodel"))
    assert isinstance(verdict, AgreedNote), verdict
    found = operators(traced(load(path)))
    assert not {name for name in found if "PyFunc" in name}
    assert {"If", "StatelessIf", "While", "StatelessWhile"} & set(found)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convolutions_of_every_rank_and_padding(tmp_path: Path, rank: int) -> None:
    node = helper.make_node(
        "Conv", ["x", "w"], ["y"], group=2, dilations=[2] * rank, strides=[2] * rank,
        pads=[1] * rank + [2] * rank,
    )  # fmt: skip
    ends = [value("x", ["n", 4, *[9] * rank])], [value("y", None)]
    path = write(tmp_path / "c.onnx", [node], *ends, [weight("w", 6, 2, *[3] * rank)])
    given, expected = images(path)
    np.testing.assert_allclose(run_model(path)(given)[0], expected[0], rtol=1e-3, atol=1e-5)
