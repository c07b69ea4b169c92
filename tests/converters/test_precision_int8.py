"""int8: scales from samples, Q/DQ pairs where they pay, and clear words where it cannot be."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.converters.precise_nets import samples, written
from workers.precision.thresholds import BINS, by_entropy, by_percentile


@pytest.fixture(scope="module")
def cnn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nets")
    return written("cnn", folder), samples("cnn", folder)


def given(folder, **arrays):
    path = folder / "given.npz"
    np.savez(path, **arrays)
    return path


def linear(folder, *, bias=1.0, batch="n"):
    """y = (x w) v + bias"""
    rng = np.random.default_rng(0)
    arrays = {
        "w": rng.standard_normal((4, 8)),
        "v": rng.standard_normal((8, 3)),
        "bias": np.full(3, bias),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="first"),
        helper.make_node("Gemm", ["a", "v", "bias"], ["y"], name="last"),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (batch, 4))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (batch, 3))],
        [numpy_helper.from_array(a.astype(np.float32), name) for name, a in arrays.items()],
    )
    path = folder / "linear.onnx"
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, ir_version=10, opset_imports=opsets), path)
    return path


def held(path):
    return {each.name: numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer}


@pytest.mark.parametrize("calibration", ["entropy", "minmax", "percentile"])
@pytest.mark.parametrize("per_channel", [True, False])
def test_a_cnn_stays_close_on_its_samples(bench, cnn, calibration, per_channel):
    options = {"calibration": calibration, "per_channel": per_channel}
    carried = bench.carry("onnx-to-int8", *cnn, precision="int8", **options)
    (output,) = carried.report["outputs"]
    assert 0 < output["max_rel"] < 0.08
    operators = bench.inspect(carried.output, "onnx").report["operators"]
    assert operators["QuantizeLinear"] == 4
    assert operators["DequantizeLinear"] == 8


def test_weights_are_int8_per_channel_and_biases_float(bench, tmp_path):
    path = linear(tmp_path)
    x = np.random.default_rng(1).standard_normal((10, 4)).astype(np.float32)
    carried = bench.carry("onnx-to-int8", path, given(tmp_path, x=x), precision="int8")
    arrays = held(carried.output)
    assert {name: a.dtype.name for name, a in arrays.items() if "scale" not in name} == {
        "bias": "float32",
        "w/int8/axis1": "int8",
        "w/int8/axis1/zero": "int8",
        "v/int8/axis1": "int8",
        "v/int8/axis1/zero": "int8",
        "x/zero": "int8",
        "a/zero": "int8",
    }
    assert arrays["w/int8/axis1/scale"].shape == (8,)
    assert arrays["v/int8/axis1/scale"].shape == (3,)
    assert np.abs(arrays["w/int8/axis1"]).max() == 127
    back = arrays["w/int8/axis1"] * arrays["w/int8/axis1/scale"]
    assert np.abs(back - held(path)["w"]).max() <= arrays["w/int8/axis1/scale"].max() / 2 + 1e-7


def test_minmax_takes_the_largest_magnitude_of_all_batches(bench, tmp_path):
    x = np.full((40, 4), 0.5, np.float32)
    x[33, 2] = -6.35
    inputs = given(tmp_path, x=x)
    _, output = bench.convert("onnx-to-int8", linear(tmp_path), inputs, calibration="minmax")
    assert held(output)["x/scale"] == pytest.approx(0.05)


def test_nodes_and_operators_can_be_left_out(bench, tmp_path):
    inputs = given(tmp_path, x=np.ones((4, 4), np.float32))
    path = linear(tmp_path)
    note, _ = bench.convert("onnx-to-int8", path, inputs, leave_out=["last"])
    report = note.report["precision"]
    assert report["nodes"] == {"int8": 1, "fp32": 1}
    assert report["kept_in_fp32"] == [{"node": "last", "reason": "it was left out by name"}]
    note, output = bench.convert("onnx-to-int8", path, inputs, operators=["Gemm"])
    assert note.report["precision"]["nodes"] == {"int8": 1, "fp32": 0}
    assert held(output)["w"].dtype == np.float32


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"leave_out": ["frist"]}, "invalid_options", "no node 'frist'"),
        ({"operators": ["Conv"]}, "conversion_failed", "no Conv with a constant weight"),
    ],
)
def test_wishes_that_do_not_fit_the_graph_are_refused(
    bench, refused, tmp_path, *, options, code, words
):
    inputs = given(tmp_path, x=np.ones((4, 4), np.float32))
    note, _ = bench.convert("onnx-to-int8", linear(tmp_path), inputs, **options)
    assert words in refused(note, code).detail


def test_without_samples_it_is_refused(bench, refused, tmp_path):
    note, _ = bench.convert("onnx-to-int8", linear(tmp_path))
    assert "send samples" in refused(note, "samples_required").detail


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.zeros((4, 4), np.float32), "every tensor that would be quantised is zero"),
        (np.full((4, 4), np.nan, np.float32), "'x' is NaN or infinite"),
        (np.full((4, 4), np.inf, np.float32), "'x' is NaN or infinite"),
        (np.ones((4, 5), np.float32), "has the shape (?, 4)"),
        (np.ones((4, 4), np.float64), "takes float32"),
    ],
)
def test_samples_that_say_nothing_or_do_not_fit_are_refused(bench, refused, tmp_path, x, words):
    note, _ = bench.convert("onnx-to-int8", linear(tmp_path), given(tmp_path, x=x))
    fault = refused(note, "bad_samples")
    assert words.replace("?", "n") in fault.detail


def test_a_tensor_that_is_always_zero_keeps_its_node_in_float(bench, tmp_path):
    path = linear(tmp_path)
    model = onnx.load(path)
    weight = next(each for each in model.graph.initializer if each.name == "w")
    weight.CopyFrom(numpy_helper.from_array(np.zeros((4, 8), np.float32), "w"))
    onnx.save(model, path)
    inputs = given(tmp_path, x=np.ones((4, 4), np.float32))
    carried = bench.carry("onnx-to-int8", path, inputs, precision="int8")
    assert held(carried.output)["v"].dtype == np.float32


def test_a_quantised_graph_is_not_quantised_again(bench, refused, tmp_path):
    inputs = given(tmp_path, x=np.ones((4, 4), np.float32))
    _, output = bench.convert("onnx-to-int8", linear(tmp_path), inputs)
    note, _ = bench.convert("onnx-to-int8", output, inputs)
    assert "quantised already" in refused(note, "conversion_failed").detail


def test_a_fixed_batch_takes_whole_batches_of_the_samples(bench, tmp_path):
    inputs = given(tmp_path, x=np.ones((9, 4), np.float32))
    carried = bench.carry(
        "onnx-to-int8", linear(tmp_path, batch=2), inputs, precision="int8", calibration="minmax"
    )
    assert held(carried.output)["x/scale"] == pytest.approx(1 / 127)


def test_entropy_clips_a_lone_outlier_and_keeps_an_even_spread():
    rng = np.random.default_rng(0)
    values = np.abs(np.append(rng.standard_normal(100_000), 60.0))
    counts = np.histogram(values, BINS, (0, 60))[0]
    assert 2 < by_entropy(counts, 60.0) < 12
    even = np.histogram(rng.uniform(0, 1, 100_000), BINS, (0, 1))[0]
    assert by_entropy(even, 1.0) > 0.9


def test_percentile_is_the_magnitude_below_which_so_much_lies():
    counts = np.histogram(np.linspace(0, 1, 100_000), BINS, (0, 1))[0]
    assert by_percentile(counts, 1.0, 90.0) == pytest.approx(0.9, abs=1e-3)
    assert by_percentile(counts, 1.0, 100.0) == pytest.approx(1.0)
