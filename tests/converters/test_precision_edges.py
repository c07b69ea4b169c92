"""float16, bfloat16 and float32: what is lowered, what is kept, and that the numbers hold."""

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from workers.runtimes.onnx import OnnxRuntime

FLOAT, HALF, BRAIN = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16
HALVES = {"fp16": HALF, "bf16": BRAIN}


def value(name, shape=("n", 8), kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def weight(name, array, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(array, dtype), name)


def written(folder, nodes, weights=(), *, opset=18, ends=(FLOAT, FLOAT), shape=("n", 8), **more):
    graph = helper.make_graph(
        nodes,
        "g",
        [value("x", kind=ends[0])],
        [value("y", shape, ends[1])],
        list(weights),
        **more,
    )
    opsets = [helper.make_opsetid("", opset)]
    path = folder / "source.onnx"
    onnx.save(helper.make_model(graph, ir_version=10, opset_imports=opsets), path)
    return path


def product(seed=0, scale=1.0):
    return np.random.default_rng(seed).standard_normal((8, 8)).astype(np.float32) * scale / 3


def kinds(path):
    """Element types of the weights, by name."""
    return {each.name: each.data_type for each in onnx.load(path).graph.initializer}


def kept(report):
    return {each["node"]: each["reason"] for each in report["kept_in_fp32"]}


@pytest.fixture
def lowered(bench):
    """Convert; the note's precision report and the result's path. Verification must agree."""

    def run(path, precision="fp16", samples=None, **options):
        note, output = bench.convert(f"onnx-to-{precision}", path, samples, **options)
        assert note.kind == "produced", note
        ends = (path, "onnx"), (output, "onnx")
        proof = bench.verify(*ends, samples, precision=precision, **options)
        assert proof.kind == "agreed", proof
        return note.report["precision"], output

    return run


def chain(folder, scale=1.0, opset=18):
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"], name="middle"),
        helper.make_node("MatMul", ["b", "v"], ["y"], name="last"),
    ]
    return written(
        folder, nodes, [weight("w", product(0, scale)), weight("v", product(1))], opset=opset
    )


@pytest.mark.parametrize("precision", HALVES)
@pytest.mark.parametrize("opset", [11, 13, 18, 21])
def test_weights_are_lowered_and_ends_stay_float32(lowered, tmp_path, precision, opset):
    report, output = lowered(chain(tmp_path, opset=opset), precision)
    assert set(kinds(output).values()) == {HALVES[precision]}
    assert report["nodes"] == {precision: 3, "fp32": 0}
    assert report["parameters"] == {precision: 128, "fp32": 0}
    graph = onnx.load(output).graph
    assert {each.type.tensor_type.elem_type for each in (*graph.input, *graph.output)} == {FLOAT}


@pytest.mark.parametrize("precision", HALVES)
def test_ends_are_lowered_where_that_was_asked_for(lowered, tmp_path, precision):
    _, output = lowered(chain(tmp_path), precision, keep_io=False)
    graph = onnx.load(output).graph
    ends = {each.type.tensor_type.elem_type for each in (*graph.input, *graph.output)}
    assert ends == {HALVES[precision]}
    assert not [node for node in graph.node if node.op_type == "Cast"]


def test_other_ends_are_a_mismatch_unless_they_were_asked_for(bench, refused, tmp_path):
    path = chain(tmp_path)
    _, output = bench.convert("onnx-to-fp16", path, keep_io=False)
    note = bench.verify((path, "onnx"), (output, "onnx"), precision="fp16")
    refused(note, "accuracy_mismatch")


def overflowing(folder):
    """Values of 1e7 between two products, as attention without scaling has."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="first"),
        helper.make_node("Mul", ["a", "large"], ["b"], name="up"),
        helper.make_node("Div", ["b", "large"], ["c"], name="down"),
        helper.make_node("MatMul", ["c", "v"], ["y"], name="last"),
    ]
    weights = [weight("w", product(0)), weight("v", product(1)), weight("large", 3e4)]
    return written(folder, nodes, weights)


def test_what_overflows_is_kept_and_the_result_is_right(lowered, tmp_path):
    report, output = lowered(overflowing(tmp_path))
    assert kept(report).keys() == {"up", "down"}
    assert "safe up to 1.64e+04" in kept(report)["up"]
    assert kinds(output) == {"w/fp16": HALF, "v/fp16": HALF, "large": FLOAT}


def test_without_the_kept_nodes_the_same_graph_is_wrong(bench, refused, tmp_path, monkeypatch):
    monkeypatch.setattr("workers.precision.mixed.kept", lambda *_: {})
    path = overflowing(tmp_path)
    note, output = bench.convert("onnx-to-fp16", path)
    assert note.report["precision"]["nodes"]["fp32"] == 0
    fault = refused(
        bench.verify((path, "onnx"), (output, "onnx"), precision="fp16"), "accuracy_mismatch"
    )
    assert "not finite" in fault.detail


def test_bfloat16_reaches_as_far_as_float32(lowered, tmp_path):
    report, _ = lowered(overflowing(tmp_path), "bf16")
    assert kept(report) == {}


@pytest.mark.parametrize("precision", HALVES)
def test_a_mask_of_the_lowest_float_is_kept(lowered, tmp_path, precision):
    mask = np.where(np.arange(8) < 4, 0, np.finfo(np.float32).min)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="scores"),
        helper.make_node("Add", ["a", "mask"], ["b"], name="masked"),
        helper.make_node("Softmax", ["b"], ["y"], name="soft"),
    ]
    path = written(tmp_path, nodes, [weight("w", product()), weight("mask", mask)])
    report, _ = lowered(path, precision)
    assert "masked" in kept(report)
    assert "scores" not in kept(report)


def test_a_small_epsilon_is_not_flushed_to_zero(lowered, tmp_path):
    nodes = [
        helper.make_node("Sub", ["x", "x"], ["zero"], name="nothing"),
        helper.make_node("Add", ["zero", "eps"], ["b"], name="guarded"),
        helper.make_node("Mul", ["x", "eps"], ["c"], name="scaled"),
        helper.make_node("Div", ["c", "b"], ["y"], name="back"),
    ]
    report, _ = lowered(written(tmp_path, nodes, [weight("eps", 1e-9)]))
    assert {"guarded", "scaled", "back"} <= kept(report).keys()
    assert "where float16 is coarse" in kept(report)["guarded"]


def test_a_difference_of_near_values_is_kept_with_what_makes_them(lowered, tmp_path):
    nodes = [
        helper.make_node("Add", ["x", "far"], ["a"], name="shifted"),
        helper.make_node("Sub", ["a", "far"], ["b"], name="cancelled"),
        helper.make_node("MatMul", ["b", "w"], ["y"], name="used"),
    ]
    path = written(tmp_path, nodes, [weight("far", 3000.0), weight("w", product())])
    report, _ = lowered(path)
    reasons = kept(report)
    assert "moves what it says by" in reasons["cancelled"]
    assert reasons["shifted"] == "cancelled needs what it says in full"
    assert "used" not in reasons


def test_an_index_that_rounding_flips_is_kept(lowered, tmp_path):
    table = 1 + np.arange(8) * 1e-5
    nodes = [
        helper.make_node("Mul", ["x", "zero"], ["none"], name="none"),
        helper.make_node("Add", ["none", "table"], ["a"], name="near"),
        helper.make_node("ArgMax", ["a"], ["i"], name="most", axis=1),
        helper.make_node("Cast", ["i"], ["y"], name="cast", to=FLOAT),
    ]
    path = written(tmp_path, nodes, [weight("table", table), weight("zero", 0.0)], shape=("n", 1))
    report, _ = lowered(path)
    assert kept(report)["most"] == "rounding its inputs flips what it says"
    assert "near" in kept(report)


def test_branches_and_what_they_read_stay_float32(lowered, tmp_path):
    def branch(operator):
        node = helper.make_node(operator, ["a"], [f"{operator}_y"])
        return helper.make_graph([node], operator, [], [value(f"{operator}_y")])

    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="first"),
        helper.make_node("ReduceMean", ["x"], ["m"], name="mean", keepdims=0),
        helper.make_node("Greater", ["m", "zero"], ["c"], name="asked"),
        helper.make_node(
            "If", ["c"], ["b"], name="fork", then_branch=branch("Relu"), else_branch=branch("Neg")
        ),
        helper.make_node("MatMul", ["b", "w"], ["y"], name="last"),
    ]
    path = written(tmp_path, nodes, [weight("w", product()), weight("zero", 0.0)])
    report, output = lowered(path)
    assert kept(report)["fork"] == "it holds a graph of its own"
    assert kinds(output)["w/fp16"] == HALF


def test_sequences_stay_float32(lowered, tmp_path):
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="first"),
        helper.make_node("SequenceConstruct", ["a", "x"], ["s"], name="pair"),
        helper.make_node("ConcatFromSequence", ["s"], ["b"], name="joined", axis=1),
        helper.make_node("Relu", ["b"], ["y"], name="last"),
    ]
    report, _ = lowered(written(tmp_path, nodes, [weight("w", product())], shape=("n", 16)))
    reasons = kept(report)
    assert reasons["pair"] == "it handles a sequence"
    assert "first" not in reasons


def test_a_weight_that_both_kinds_of_nodes_read_is_there_twice(lowered, tmp_path):
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="low"),
        helper.make_node("Mul", ["a", "large"], ["b"], name="up"),
        helper.make_node("MatMul", ["b", "w"], ["c"], name="high"),
        helper.make_node("Div", ["c", "large"], ["y"], name="down"),
    ]
    path = written(tmp_path, nodes, [weight("w", product()), weight("large", 6e4)])
    report, output = lowered(path)
    assert {"up", "high", "down"} == kept(report).keys()
    assert kinds(output) == {"w": FLOAT, "large": FLOAT, "w/fp16": HALF}


@pytest.mark.parametrize("precision", HALVES)
def test_scales_of_resize_and_constants_and_casts(lowered, tmp_path, precision):
    nodes = [
        helper.make_node("Constant", [], ["half"], value_float=0.5),
        helper.make_node("Mul", ["x", "half"], ["a"]),
        helper.make_node("Cast", ["a"], ["i"], to=TensorProto.INT32),
        helper.make_node("Cast", ["i"], ["f"], to=FLOAT),
        helper.make_node("Add", ["f", "a"], ["b"]),
        helper.make_node("Resize", ["b", "", "scales"], ["y"], mode="nearest"),
    ]
    path = written(tmp_path, nodes, [weight("scales", [1, 2])], shape=("n", 16))
    _, output = lowered(path, precision)
    assert kinds(output)["scales"] == FLOAT


def test_samples_say_which_ranges_count(bench, lowered, tmp_path):
    path = written(tmp_path, [helper.make_node("Mul", ["x", "x"], ["y"], name="square")])
    assert kept(lowered(path)[0]) == {}
    np.savez(tmp_path / "s.npz", x=np.full((4, 8), 200, np.float32))
    report, _ = lowered(path, samples=tmp_path / "s.npz")
    assert "reaches 4e+04" in kept(report)["square"]
    np.savez(tmp_path / "t.npz", x=np.zeros((4, 7), np.float32))
    note, _ = bench.convert("onnx-to-fp16", path, tmp_path / "t.npz")
    assert note.fault.code == "bad_samples"


@pytest.mark.parametrize("precision", ["fp32", *HALVES])
def test_a_half_precision_source_keeps_its_ends(lowered, tmp_path, precision):
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("Relu", ["a"], ["y"]),
    ]
    path = written(tmp_path, nodes, [weight("w", product(), np.float16)], ends=(HALF, HALF))
    report, output = lowered(path, precision)
    graph = onnx.load(output).graph
    assert {each.type.tensor_type.elem_type for each in (*graph.input, *graph.output)} == {HALF}
    wanted = HALVES.get(precision, FLOAT)
    assert set(kinds(output).values()) == {wanted}
    assert report["precision"] == precision


@pytest.mark.parametrize("precision", HALVES)
def test_a_node_with_an_output_of_a_type_that_no_input_has_is_kept(bench, tmp_path, precision):
    """Without a state to begin with, ONNX takes the state's type from what it should not."""
    inputs = ("query", "key", "value", "", "decay")
    node = helper.make_node(
        "LinearAttention",
        inputs,
        ["y", "state"],
        name="attends",
        kv_num_heads=4,
        q_num_heads=4,
        update_rule="gated",
    )
    shapes = {"decay": (2, 4, 4)}
    graph = helper.make_graph(
        [node],
        "g",
        [value(each, shapes.get(each, (2, 4, 32))) for each in inputs if each],
        [value("y", (2, 4, 32)), value("state", (2, 4, 8, 8))],
    )
    model = helper.make_model(graph, ir_version=13, opset_imports=[helper.make_opsetid("", 27)])
    onnx.save(model, tmp_path / "source.onnx")
    note, _ = bench.convert(f"onnx-to-{precision}", tmp_path / "source.onnx")
    assert note.kind == "produced", note
    assert "attends" in kept(note.report["precision"])


@pytest.mark.parametrize("operator", ["Cosh", "Sinh", "Exp"])
def test_what_grows_as_an_exponential_is_watched_as_far_out_as_it_is_verified(
    lowered, tmp_path, operator
):
    """A few numbers, of which the draws of the two have very different largest ones."""
    for seed_shape in ((3,), (3, 4, 5), (2, 7)):
        node = helper.make_node(operator, ["x"], ["y"], name="grows")
        ends = value("x", seed_shape), value("y", seed_shape)
        graph = helper.make_graph([node], "g", ends[:1], ends[1:])
        opsets = [helper.make_opsetid("", 22)]
        path = tmp_path / "source.onnx"
        onnx.save(helper.make_model(graph, ir_version=10, opset_imports=opsets), path)
        report, _ = lowered(path)
        assert "grows" in kept(report)


@pytest.mark.parametrize("precision", HALVES)
def test_inputs_of_bfloat16_are_watched(bench, tmp_path, precision):
    """ONNX Runtime takes no array of it."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["more"], ["again"]),
            helper.make_node("Add", ["before", "wide"], ["after"]),
        ],
        "body",
        [
            value("i", (), TensorProto.INT64),
            value("more", (), TensorProto.BOOL),
            value("before"),
        ],
        [value("again", (), TensorProto.BOOL), value("after")],
    )
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], name="widens", to=FLOAT),
        helper.make_node("Loop", ["count", "", "wide"], ["sum"], name="loops", body=body),
        helper.make_node("Mul", ["sum", "half"], ["product"], name="last"),
        helper.make_node("Cast", ["product"], ["y"], name="narrows", to=BRAIN),
    ]
    held = [weight("count", 3, np.int64), weight("half", 0.5)]
    path = written(tmp_path, nodes, held, opset=22, ends=(BRAIN, BRAIN))
    note, output = bench.convert(f"onnx-to-{precision}", path)
    assert note.kind == "produced", note
    assert note.report["precision"]["cases"] > 0
    proof = bench.verify((path, "onnx"), (output, "onnx"), precision=precision)
    assert proof.kind == "agreed", proof


def test_a_float32_graph_is_passed_on_as_it_is(lowered, tmp_path):
    path = chain(tmp_path)
    report, output = lowered(path, "fp32")
    assert report == {"precision": "fp32", "changed": False}
    assert onnx.load(output) == onnx.load(path)


def test_bfloat16_sources_run_rounded_after_every_node(bench, tmp_path):
    """1 + 2^-9 is 1 in bfloat16, so the second sum starts from 1 again."""
    nodes = [
        helper.make_node("Add", ["x", "little"], ["a"]),
        helper.make_node("Sub", ["a", "one"], ["y"]),
    ]
    small = [weight("little", 2.0**-9), weight("one", 1.0)]
    weights = [
        numpy_helper.from_array(numpy_helper.to_array(each).astype(ml_dtypes.bfloat16), each.name)
        for each in small
    ]
    path = written(tmp_path, nodes, weights, ends=(BRAIN, BRAIN))
    ones = np.ones((2, 8), ml_dtypes.bfloat16)
    with OnnxRuntime().open(path, {}) as session:
        assert "bfloat16 were computed in float32 and rounded" in session.remark
        told = session({"x": ones})["y"]
    assert told.dtype == ml_dtypes.bfloat16
    assert not told.astype(np.float32).any()
    note = bench.verify((path, "onnx"), (path, "onnx"))
    assert note.kind == "agreed"
    assert [each.split(":")[0] for each in note.report["remarks"]] == ["The source", "The result"]


def test_a_bfloat16_convolution_without_a_kernel_is_delivered(lowered, tmp_path):
    nodes = [
        helper.make_node("Reshape", ["x", "shape"], ["a"]),
        helper.make_node("Conv", ["a", "w"], ["b"], name="conv", pads=[1, 1]),
        helper.make_node("Reshape", ["b", "back"], ["y"]),
    ]
    kernel = np.random.default_rng(0).standard_normal((1, 1, 3))
    shapes = [weight("shape", [-1, 1, 8], np.int64), weight("back", [-1, 8], np.int64)]
    path = written(tmp_path, nodes, [weight("w", kernel), *shapes])
    report, output = lowered(path, "bf16")
    assert report["parameters"]["bf16"] == 3
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented):
        onnxruntime.InferenceSession(output, providers=["CPUExecutionProvider"])
