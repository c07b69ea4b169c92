"""ONNX to ONNX, as it was wished: another opset, an earlier end, fixed lengths, another layout."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from shared.domain.orders import AgreedNote, ProducedNote
from shared.domain.signatures import Signature, Tensor
from tests.converters.onnx_nets import (
    constant,
    convolutional,
    model,
    modern,
    saved,
    value,
    weight,
    whole,
)
from workers.verification.lengths import Lengths


def opened(path: Path, folder: Path) -> Any:
    """The model of a result, be it a file or a zip."""
    if not zipfile.is_zipfile(path):
        return onnx.load(path)
    unpacked = folder / f"{path.parent.name}.out"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(unpacked)
    return onnx.load(unpacked / "model.onnx")


class TestOpset:
    @pytest.mark.parametrize("opset", [7, 9, 12, 13, 17, 20, 22, 25])
    def test_up_and_down(self, bench, tmp_path, opset):
        done = bench.carry("onnx-opset", saved(convolutional(), tmp_path), opset=opset)
        made = onnx.load(done.output)
        assert [(each.domain, each.version) for each in made.opset_import] == [("", opset)]
        assert [each.name for each in made.graph.input] == ["x"]

    def test_younger_operators_are_replaced_by_what_they_do(self, bench, tmp_path):
        done = bench.carry("onnx-opset", saved(modern(), tmp_path), opset=13)
        kinds = {node.op_type for node in onnx.load(done.output).graph.node}
        assert kinds.isdisjoint({"LayerNormalization", "Gelu", "HardSwish"})

    def test_nodes_that_changed_are_adapted_also_inside_of_branches(self, bench, tmp_path):
        branches = {
            f"{side}_branch": helper.make_graph(
                [helper.make_node(kind, ["x"], [side], name=side, axes=[1])],
                side,
                [],
                [value(side, None)],
            )
            for side, kind in (("then", "ReduceMean"), ("else", "ReduceMax"))
        }
        built = model(
            [
                helper.make_node("ReduceSum", ["x", "all"], ["s"], keepdims=0),
                helper.make_node("Greater", ["s", "zero"], ["c"]),
                helper.make_node("If", ["c"], ["y"], name="if", **branches),
            ],
            [value("x", ["batch", 4])],
            [value("y", None)],
            [whole("all", 0, 1), onnx.numpy_helper.from_array(np.float32(0), "zero")],
            opset=17,
        )
        bench.carry("onnx-opset", saved(built, tmp_path), opset=18)

    def test_what_cannot_be_written_in_it_is_named(self, bench, refused, tmp_path):
        built = model(
            [helper.make_node("GridSample", ["x", "g"], ["y"], name="warp")],
            [value("x", ["n", 2, 4, 4]), value("g", ["n", 4, 4, 2])],
            [value("y", ["n", 2, 4, 4])],
        )
        note, _ = bench.convert("onnx-opset", saved(built, tmp_path), opset=11)
        fault = refused(note, "unsupported_operator")
        assert (fault.node, fault.operator) == ("warp", "GridSample")
        assert "opset 18 to 11" in fault.detail

    def test_functions_of_the_models_own_are_written_out(self, bench, tmp_path):
        function = helper.make_function(
            "own",
            "Twice",
            ["a"],
            ["b"],
            [helper.make_node("Add", ["a", "a"], ["b"], name="sum")],
            [helper.make_opsetid("", 18)],
        )
        built = model(
            [helper.make_node("Twice", ["x"], ["y"], domain="own")],
            [value("x", ["n", 3])],
            [value("y", ["n", 3])],
            functions=[function],
            opsets=[helper.make_opsetid("own", 1)],
        )
        done = bench.carry("onnx-opset", saved(built, tmp_path), opset=15)
        assert not onnx.load(done.output).functions


class TestOutputs:
    @pytest.mark.parametrize(("named", "ends"), [("r1", ["r1"]), ("relu", ["r1"])])
    def test_the_graph_ends_at_a_tensor_or_a_node(self, bench, tmp_path, named, ends):
        done = bench.carry("onnx-outputs", saved(convolutional(), tmp_path), outputs=[named])
        made = onnx.load(done.output).graph
        assert [each.name for each in made.output] == ends
        assert [node.name for node in made.node] == ["conv", "relu"]
        assert {each.name for each in made.initializer} == {"w1", "b1"}

    def test_several_in_the_order_that_was_asked_for(self, bench, tmp_path):
        done = bench.carry("onnx-outputs", saved(convolutional(), tmp_path), outputs=["y", "pool"])
        assert [each.name for each in onnx.load(done.output).graph.output] == ["y", "p"]

    def test_a_cut_that_computes_something_else_is_found_out(self, bench, refused, tmp_path):
        path = saved(convolutional(), tmp_path)
        _, output = bench.convert("onnx-outputs", path, outputs=["relu"])
        spoilt = onnx.load(output)
        spoilt.graph.initializer[1].raw_data = np.zeros(8, np.float32).tobytes()
        wrong = saved(spoilt, tmp_path, "wrong.onnx")
        note = bench.verify((path, "onnx"), (wrong, "onnx"), outputs=["relu"])
        assert refused(note, "accuracy_mismatch").field == "r1"

    def test_inputs_that_nothing_needs_are_left_out(self, bench, tmp_path):
        built = model(
            [helper.make_node("Neg", ["a"], ["n"]), helper.make_node("Add", ["n", "b"], ["y"])],
            [value("a", ["k", 2]), value("b", ["k", 2])],
            [value("y", ["k", 2])],
        )
        done = bench.carry("onnx-outputs", saved(built, tmp_path), outputs=["n"])
        assert [each.name for each in onnx.load(done.output).graph.input] == ["a"]
        assert "never read" in done.report["matched_by"]

    @pytest.mark.parametrize(
        ("outputs", "words"),
        [(["rely"], "'relu'|'r1'"), (["r1", "relu"], "named twice"), (["x"], "No node makes")],
    )
    def test_a_name_that_says_nothing_is_refused(self, bench, refused, tmp_path, outputs, words):
        note, _ = bench.convert("onnx-outputs", saved(convolutional(), tmp_path), outputs=outputs)
        fault = refused(note, "invalid_options")
        assert fault.field == "options.outputs"
        assert any(word in fault.detail for word in words.split("|"))


class TestLengths:
    def test_a_dimension_by_its_name(self, bench, tmp_path):
        path = saved(convolutional(), tmp_path)
        done = bench.carry("onnx-dims", path, dims={"batch": 2, "height": 9})
        made = bench.inspect(done.output, "onnx").report["signature"]
        assert made["inputs"][0]["shape"] == [2, 3, 9, "width"]
        assert made["outputs"][0]["shape"] == [2, 5]
        assert {case["shapes"]["x"][0] for case in done.report["cases"]} == {2}
        assert len({case["shapes"]["x"][3] for case in done.report["cases"]}) > 1

    def test_a_shape_by_its_input(self, bench, tmp_path):
        path = saved(convolutional(), tmp_path)
        done = bench.carry("onnx-input-shapes", path, input_shapes={"x": [1, 3, None, 8]})
        made = bench.inspect(done.output, "onnx").report["signature"]
        assert made["inputs"][0]["shape"] == [1, 3, "height", 8]

    def test_what_shares_the_name_is_fixed_along(self, bench, tmp_path):
        built = model(
            [helper.make_node("Add", ["a", "b"], ["y"])],
            [value("a", ["n", 2]), value("b", ["n", 2])],
            [value("y", ["n", 2])],
        )
        path = saved(built, tmp_path)
        done = bench.carry("onnx-input-shapes", path, input_shapes={"a": [4, 2]})
        made = bench.inspect(done.output, "onnx").report["signature"]
        assert [each["shape"] for each in (*made["inputs"], *made["outputs"])] == [[4, 2]] * 3

    def test_derived_dimensions_follow(self, bench, tmp_path):
        built = model(
            [
                helper.make_node("Concat", ["a", "a"], ["d"], axis=0),
                helper.make_node("Add", ["d", "b"], ["y"]),
            ],
            [value("a", ["n", 2]), value("b", ["2*n", 2])],
            [value("y", ["2*n", 2])],
        )
        done = bench.carry("onnx-dims", saved(built, tmp_path), dims={"n": 3})
        made = bench.inspect(done.output, "onnx").report["signature"]
        assert [each["shape"] for each in made["inputs"]] == [[3, 2], [6, 2]]

    def test_a_result_that_fixed_more_is_found_out(self, bench, refused, tmp_path):
        path = saved(convolutional(), tmp_path)
        _, output = bench.convert("onnx-dims", path, dims={"batch": 2, "width": 8})
        note = bench.verify((path, "onnx"), (output, "onnx"), dims={"batch": 2})
        assert "refuses inputs" in refused(note, "accuracy_mismatch").detail

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            (("onnx-dims", {"dims": {"bacth": 1}}), "Did you mean 'batch'"),
            (("onnx-input-shapes", {"input_shapes": {"z": [1]}}), "no input 'z'"),
            (("onnx-input-shapes", {"input_shapes": {"x": [1, 3]}}), "4 dimensions"),
            (("onnx-input-shapes", {"input_shapes": {"x": [1, 4, 8, 8]}}), "is 3 already"),
        ],
    )
    def test_what_contradicts_the_model_is_refused(self, bench, refused, tmp_path, asked, words):
        edge, options = asked
        note, _ = bench.convert(edge, saved(convolutional(), tmp_path), **options)
        assert words in refused(note, "invalid_options").detail

    def test_names_of_an_onnx_model_on_the_way_let_the_result_be_believed(self):
        source = Signature(inputs=(Tensor(name="x", dtype="f", shape=(None, 3)),), outputs=SAME)
        result = Signature(inputs=(Tensor(name="x", dtype="f", shape=(4, 3)),), outputs=SAME)
        assert Lengths({"batch": 4}).narrow(source, result).inputs[0].shape == (4, 3)
        named = Signature(inputs=(Tensor(name="x", dtype="f", shape=("b", 3)),), outputs=SAME)
        assert Lengths({"b": 2}).narrow(named, result).inputs[0].shape == (2, 3)


SAME = (Tensor(name="y", dtype="f", shape=None),)


class TestLayout:
    def test_weights_go_to_a_second_file_and_come_back(self, bench, tmp_path):
        built = model(
            [
                helper.make_node("MatMul", ["x", "w"], ["m"]),
                helper.make_node("Add", ["m", "b"], ["y"]),
            ],
            [value("x", ["n", 64])],
            [value("y", ["n", 64])],
            [weight("w", 64, 64), weight("b", 64, seed=1)],
        )
        path = saved(built, tmp_path)
        apart = bench.carry("onnx-split", path, external_data=True)
        with zipfile.ZipFile(apart.output) as archive:
            assert archive.namelist() == ["model.onnx", "model.onnx.data"]
            assert len(archive.read("model.onnx")) < 1000
        again = bench.carry("onnx-split", apart.output, external_data=True)
        assert again.output.read_bytes() == apart.output.read_bytes()
        joined = bench.carry("onnx-join", again.output, external_data=False)
        assert not zipfile.is_zipfile(joined.output)
        for mine, other in zip(
            onnx.load(joined.output).graph.initializer, built.graph.initializer, strict=True
        ):
            assert mine.name == other.name
            assert np.array_equal(
                onnx.numpy_helper.to_array(mine), onnx.numpy_helper.to_array(other)
            )

    def test_other_wishes_leave_the_second_file_as_it_is(self, bench, tmp_path):
        built = convolutional()
        built.graph.initializer[0].CopyFrom(weight("w1", 64, 3, 17, 17))
        built.graph.initializer[1].CopyFrom(weight("b1", 64))
        built.graph.initializer[2].CopyFrom(weight("w2", 64, 5))
        note, apart = bench.convert("onnx-split", saved(built, tmp_path), external_data=True)
        assert isinstance(note, ProducedNote)
        for edge, options in (
            ("onnx-opset", {"opset": 13}),
            ("onnx-outputs", {"outputs": ["pool"]}),
            ("onnx-dims", {"dims": {"batch": 1}}),
        ):
            done = bench.carry(edge, apart, **options)
            with zipfile.ZipFile(done.output) as archive:
                assert "model.onnx.data" in archive.namelist()


@pytest.mark.parametrize(
    ("edge", "options"),
    [
        ("onnx-opset", {"opset": 13}),
        ("onnx-outputs", {"outputs": ["add"]}),
        ("onnx-split", {"external_data": True}),
        ("onnx-join", {"external_data": False}),
        ("onnx-simplify", {"simplify": True}),
        ("onnx-to-openvino", {}),
        ("onnx-to-ort", {}),
    ],
)
def test_a_model_without_inputs_goes_every_road(bench, tmp_path, edge, options):
    done = bench.carry(edge, saved(constant(), tmp_path), **options)
    assert done.report["cases"][0]["shapes"] == {}


def test_dimensions_can_be_fixed_and_the_result_taken_on(bench, tmp_path):
    path = saved(convolutional(), tmp_path)
    _, fixed = bench.convert("onnx-dims", path, dims={"batch": 1, "height": 8, "width": 8})
    note, output = bench.convert("onnx-to-openvino", fixed)
    assert isinstance(note, ProducedNote)
    dims = {"batch": 1, "height": 8, "width": 8}
    agreed = bench.verify((path, "onnx"), (output, "openvino"), dims=dims)
    assert isinstance(agreed, AgreedNote), agreed
