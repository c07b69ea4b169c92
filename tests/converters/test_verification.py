"""Verification: what it accepts, and above all what it does not."""

import json

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from shared.domain.orders import Input, WorkOrder
from shared.domain.plans import TOLERANCES, Verify
from shared.domain.signatures import Signature, Tensor
from workers import child
from workers.runtime import Session
from workers.runtimes.pt2 import Pt2Runtime
from workers.runtimes.torchscript import named_outputs
from workers.verification.cases import Run
from workers.verification.match import match
from workers.verification.samples import Case
from workers.verification.verify import hold_against


def cast(path, kind):
    graph = helper.make_graph(
        [helper.make_node("Cast", ["x"], ["y"], to=kind)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 3))],
        [helper.make_tensor_value_info("y", kind, ("n", 3))],
    )
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, ir_version=9, opset_imports=opsets), path)
    return path, "onnx"


def line(path, *, weight=2.0, shape=("n", 3), names=("x", "y"), operator="Mul", dtype="float32"):
    """y = operator(x, weight)."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    graph = helper.make_graph(
        [helper.make_node(operator, [names[0], "w"], [names[1]])],
        "g",
        [helper.make_tensor_value_info(names[0], kind, shape)],
        [helper.make_tensor_value_info(names[1], kind, shape)],
        [numpy_helper.from_array(np.full(3, weight, dtype), "w")],
    )
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, ir_version=9, opset_imports=opsets), path)
    return path, "onnx"


def single(path, operator):
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 3))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("n", 3))],
    )
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, ir_version=9, opset_imports=opsets), path)
    return path, "onnx"


def above(path):
    """y holds the indices of what is above 1000: none, of inputs that are made up."""
    graph = helper.make_graph(
        [
            helper.make_node("Greater", ["x", "limit"], ["above"]),
            helper.make_node("NonZero", ["above"], ["y"]),
            helper.make_node("Identity", ["x"], ["z"]),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 3))],
        [
            helper.make_tensor_value_info("y", TensorProto.INT64, (2, None)),
            helper.make_tensor_value_info("z", TensorProto.FLOAT, ("n", 3)),
        ],
        [numpy_helper.from_array(np.float32(1000), "limit")],
    )
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, ir_version=9, opset_imports=opsets), path)
    return path, "onnx"


class Nested(torch.nn.Module):
    """Two of its outputs would be called a_b."""

    def forward(self, x):
        return {"a": {"b": x + 1}, "a_b": x - 1, "a_b_2": x * 2}


def test_agreement_reports_every_output_and_case(bench, tmp_path):
    note = bench.verify(line(tmp_path / "a"), line(tmp_path / "b"))
    assert note.kind == "agreed"
    assert note.report["outputs"][0]["max_abs"] == 0
    assert note.report["outputs"][0]["cosine"] == pytest.approx(1)
    assert {case["shapes"]["x"][0] for case in note.report["cases"]} == {1, 2, 5}
    assert len({case["scale"] for case in note.report["cases"]}) >= 3
    assert note.report["outputs"][0]["elements"] > 0
    assert not note.report["outputs"][0]["quiet"]
    assert note.report["seconds"].keys() == {"source", "result"}


def reduced(path, *, shape):
    """y = |x| summed up over the axis, 0 to 7, that is an input; said to be of that shape."""
    graph = helper.make_graph(
        [helper.make_node("ReduceL1", ["x", "axes"], ["y"], keepdims=0)],
        "g",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, (2, *(1,) * 6, 3)),
            helper.make_tensor_value_info("axes", TensorProto.INT64, (1,)),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, ir_version=9, opset_imports=opsets), path)
    return path, "onnx"


def test_a_case_in_which_the_source_breaks_its_word_is_left_out(bench, tmp_path):
    declared = (1, 1, 1, 1, 1, 1, 3)  # by axis 0, which is the one of the tamest draw
    source = reduced(tmp_path / "a.onnx", shape=declared)
    note = bench.verify(source, source)
    assert note.kind == "agreed", note
    assert note.report["cases"]
    skipped = [each for each in note.report["skipped"] if f"declares {list(declared)}" in each]
    assert skipped
    assert "gives its output 'y' the shape [2, 1, " in skipped[0]


def test_a_source_that_never_keeps_its_word_asks_for_samples(bench, refused, tmp_path):
    source = reduced(tmp_path / "a.onnx", shape=(7,))
    fault = refused(bench.verify(source, source), "bad_samples")
    assert "Send samples" in fault.detail
    assert "it declares [7]" in fault.detail


@pytest.mark.parametrize("kind", [TensorProto.FLOAT8E4M3FN, TensorProto.INT4])
def test_a_dtype_that_no_samples_can_hold_is_named(bench, refused, tmp_path, kind):
    graph = helper.make_graph(
        [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)],
        "g",
        [helper.make_tensor_value_info("x", kind, (2, 4))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (2, 4))],
    )
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])
    onnx.save(model, tmp_path / "a.onnx")
    source = tmp_path / "a.onnx", "onnx"
    fault = refused(bench.verify(source, source), "bad_samples")
    assert fault.node == "x"
    assert helper.tensor_dtype_to_np_dtype(kind).name in fault.detail
    assert "Send samples" not in fault.detail


def test_an_output_that_was_always_empty_asks_for_samples(bench, refused, tmp_path):
    pair = above(tmp_path / "a"), above(tmp_path / "b")
    fault = refused(bench.verify(*pair), "bad_samples")
    assert "'y' was empty in every case" in fault.detail
    np.savez(tmp_path / "s.npz", x=np.full((2, 3), 2000, np.float32))
    note = bench.verify(*pair, tmp_path / "s.npz")
    assert [each["elements"] for each in note.report["outputs"]] == [12, 6]


def test_another_float_dtype_is_a_mismatch(bench, refused, tmp_path):
    np.savez(tmp_path / "s.npz", x=np.ones((2, 3), np.float32))
    half = cast(tmp_path / "b", TensorProto.FLOAT16)
    note = bench.verify(cast(tmp_path / "a", TensorProto.FLOAT), half, tmp_path / "s.npz")
    assert "is float16, the source is float32" in refused(note, "accuracy_mismatch").detail


def test_no_two_outputs_are_called_the_same(tmp_path):
    program = torch.export.export(Nested(), (torch.ones(2),))
    torch.export.save(program, tmp_path / "n.pt2")
    with Pt2Runtime().open(tmp_path / "n.pt2", {}) as session:
        outputs = session({"x": np.ones(2, np.float32)})
    assert {name: each[0] for name, each in outputs.items()} == {"a_b": 2, "a_b_3": 0, "a_b_2": 2}
    assert list(outputs) == [each.name for each in session.signature.outputs]
    again = dict(named_outputs(Nested()(torch.ones(2))))
    assert {name: each[0] for name, each in again.items()} == {"a_b": 2, "a_b_3": 0, "a_b_2": 2}


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("which", ["inputs", "outputs"])
def test_a_name_that_repeats_is_no_match(side, which):
    tensor = Tensor(name="y", dtype="float32", shape=(2,))
    fine = Signature(inputs=(tensor,), outputs=(tensor,))
    twice = fine.model_copy(update={which: (tensor, tensor)})
    pair = (twice, fine) if side == 0 else (fine, twice)
    assert "'y' stands for two" in match(*pair).wrong


@pytest.mark.parametrize(
    ("source_gave", "result_gave", "whose"),
    [(("y", "z"), ("y",), "source"), ((), ("y",), "source"), (("y",), ("y", "z"), "result")],
)
def test_outputs_that_were_not_announced_are_a_mismatch(source_gave, result_gave, whose):
    tensor = Tensor(name="y", dtype="float32", shape=(2,))
    announced = Signature(inputs=(), outputs=(tensor,))
    ones = np.ones(2, np.float32)
    session = Session(announced, lambda _: dict.fromkeys(result_gave, ones))
    run = Run(Case({}, "a"), dict.fromkeys(source_gave, ones))
    verdict = hold_against(session, [run], announced, TOLERANCES, lambda *_: None)
    assert f"The {whose} announces the outputs ['y']" in verdict.fault.fault.detail


def test_a_model_without_outputs_is_no_match():
    nothing = Signature(inputs=(), outputs=())
    assert "nothing to compare" in match(nothing, nothing).wrong


def test_another_number_is_a_mismatch_that_names_output_case_and_error(bench, refused, tmp_path):
    note = bench.verify(line(tmp_path / "a"), line(tmp_path / "b", weight=2.01))
    fault = refused(note, "accuracy_mismatch")
    assert fault.field == "y"
    assert "scale" in fault.detail
    assert note.report["outputs"][0]["max_rel"] == pytest.approx(0.005, rel=0.01)


def test_a_small_output_does_not_hide_behind_the_absolute_tolerance(bench, refused, tmp_path):
    note = bench.verify(line(tmp_path / "a", weight=1e-4), line(tmp_path / "b", weight=1.1e-4))
    refused(note, "accuracy_mismatch")


def test_a_lost_dynamic_batch_is_a_mismatch_unless_it_was_asked_for(bench, refused, tmp_path):
    source, fixed = line(tmp_path / "a"), line(tmp_path / "b", shape=(2, 3))
    note = bench.verify(source, fixed)
    assert "refuses inputs" in refused(note, "accuracy_mismatch").detail
    assert bench.verify(source, fixed, dynamic=False).kind == "agreed"


def test_a_source_of_one_batch_is_run_at_that_batch_only(bench, tmp_path):
    note = bench.verify(line(tmp_path / "a", shape=(4, 3)), line(tmp_path / "b"))
    assert {tuple(case["shapes"]["x"]) for case in note.report["cases"]} == {(4, 3)}


def test_other_names_are_matched_by_order_and_said_so(bench, tmp_path):
    note = bench.verify(line(tmp_path / "a"), line(tmp_path / "b", names=("p", "q")))
    assert note.report["matched_by"] == "inputs by order, outputs by order"


def test_nan_on_both_sides_is_no_agreement(bench, refused, tmp_path):
    note = bench.verify(
        line(tmp_path / "a", weight=float("nan")), line(tmp_path / "b", weight=float("nan"))
    )
    assert "not finite" in refused(note, "accuracy_mismatch").detail


def test_a_source_that_wants_positive_numbers_gets_them(bench, tmp_path):
    note = bench.verify(single(tmp_path / "a", "Log"), single(tmp_path / "b", "Log"))
    assert note.kind == "agreed"
    assert any("positive" in case["scale"] for case in note.report["cases"])


def test_integers_must_be_equal(bench, refused, tmp_path):
    pair = {"dtype": "int64", "operator": "Add"}
    same = bench.verify(
        line(tmp_path / "a", weight=1, **pair), line(tmp_path / "b", weight=1, **pair)
    )
    assert same.kind == "agreed"
    note = bench.verify(
        line(tmp_path / "c", weight=1, **pair), line(tmp_path / "d", weight=2, **pair)
    )
    assert "must be equal" in refused(note, "accuracy_mismatch").detail


def test_the_same_seed_draws_the_same_inputs(bench, tmp_path):
    one = bench.verify(line(tmp_path / "a"), line(tmp_path / "b", weight=2.01))
    two = bench.verify(line(tmp_path / "a"), line(tmp_path / "b", weight=2.01))
    assert one.report["outputs"] == two.report["outputs"]


def test_samples_that_are_no_npz_are_refused(bench, refused, tmp_path):
    (tmp_path / "s.npz").write_bytes(b"not a zip")
    fault = refused(
        bench.verify(line(tmp_path / "a"), line(tmp_path / "b"), tmp_path / "s.npz"), "bad_samples"
    )
    assert "numpy.savez" in fault.detail


def test_pickled_samples_are_refused(bench, refused, tmp_path):
    np.savez(tmp_path / "s.npz", x=np.array([{"a": 1}], object))
    pair = line(tmp_path / "a"), line(tmp_path / "b")
    refused(bench.verify(*pair, tmp_path / "s.npz"), "bad_samples")


def test_an_order_can_be_replayed(tmp_path, capfd):
    line(tmp_path / "reference.bin")
    line(tmp_path / "candidate.bin")
    order = WorkOrder(
        action=Verify(reference="onnx", candidate="onnx", toolchain={}),
        inputs={
            "reference": Input(path="reference.bin", format="onnx"),
            "candidate": Input(path="candidate.bin", format="onnx"),
        },
        output="output.bin",
        tolerances=TOLERANCES,
    )
    (tmp_path / "order.json").write_text(order.model_dump_json())
    assert child.main(tmp_path) == 0
    first = json.loads((tmp_path / "result.json").read_text())
    assert child.main(tmp_path) == 0
    second = json.loads((tmp_path / "result.json").read_text())
    assert first["report"]["outputs"] == second["report"]["outputs"]
    assert not (tmp_path / "result.draft").exists()
    notes = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert notes[-1]["progress"] == 1


def test_channels_are_matched_whichever_side_has_them_last() -> None:
    def signature(*names_and_shapes):
        (name, taken), (other, given) = names_and_shapes
        return Signature(
            inputs=(Tensor(name=name, dtype="float32", shape=taken),),
            outputs=(Tensor(name=other, dtype="float32", shape=given),),
        )

    last = signature(("image", (None, 8, 6, 3)), ("masks", (None, 4, 3, 5)))
    first = signature(("x", ("n", 3, 8, 6)), ("y", ("n", 5, 4, 3)))
    images = np.arange(2 * 8 * 6 * 3, dtype=np.float32).reshape(2, 8, 6, 3)
    masks = np.arange(2 * 5 * 4 * 3, dtype=np.float32).reshape(2, 5, 4, 3)
    found = match(last, first)
    assert np.array_equal(found.inputs({"image": images})["x"], images.transpose(0, 3, 1, 2))
    assert np.array_equal(found.outputs({"y": masks})["masks"], masks.transpose(0, 2, 3, 1))
    seen = found.seen("image")
    assert seen is not None
    assert seen.shape == ("n", 8, 6, 3)
    back = match(first, last)
    given = back.inputs({"x": images.transpose(0, 3, 1, 2)})["image"]
    assert np.array_equal(given, images)
