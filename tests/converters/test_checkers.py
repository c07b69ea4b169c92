"""Checks before converting: what is told to be covered runs, and what is not is named."""

import onnx
import pytest
from onnx import TensorProto, helper

from shared.domain.errors import InvalidModel
from workers.checkers import CHECKERS
from workers.onnx_suite.cases import cases_in
from workers.onnx_suite.engines import engine_named
from workers.onnx_suite.judging import judge
from workers.onnx_suite.official import write_official
from workers.onnx_suite.results import Status

TOLD_BY = {
    "pt2": "PyTorch",
    "savedmodel": "TensorFlow",
    "openvino": "OpenVINO",
    "ort": "ONNX Runtime",
}


def model(nodes, *, opsets=(("", 18),), outputs=("y",), initializers=()):
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        initializers,
    )
    imports = [helper.make_opsetid(*each) for each in opsets]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


@pytest.fixture
def asked(tmp_path):
    def run(net, target):
        path = tmp_path / "net.onnx"
        onnx.save(net, path)
        return CHECKERS["onnx", target].check(path, {})

    return run


@pytest.mark.parametrize("target", TOLD_BY)
def test_a_model_that_is_covered_has_no_gaps(asked, target):
    told = asked(
        model(
            [
                helper.make_node("Mul", ["x", "two"], ["twice"], name="double"),
                helper.make_node("Relu", ["twice"], ["y"], name="positive"),
            ],
            initializers=[helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0])],
        ),
        target,
    )
    assert told.supported
    assert told.target == target
    assert TOLD_BY[target] in told.by
    assert (told.nodes, told.covered, told.gaps) == (2, 2, ())


@pytest.mark.parametrize("target", TOLD_BY)
def test_a_node_of_a_foreign_domain_is_named(asked, target):
    told = asked(
        model(
            [
                helper.make_node("Abs", ["x"], ["big"], name="size"),
                helper.make_node("Fancy", ["big"], ["y"], name="odd", domain="com.acme"),
            ],
            opsets=(("", 18), ("com.acme", 3)),
        ),
        target,
    )
    assert not told.supported
    assert told.nodes == 2
    gap = next(each for each in told.gaps if each.node == "odd")
    assert gap.operator == "com.acme.Fancy"
    assert gap.reason
    assert gap.hint
    assert told.covered < told.nodes


@pytest.mark.parametrize("target", ["pt2", "savedmodel", "openvino"])
def test_a_node_within_a_branch_is_named(asked, target):
    odd = helper.make_node("Fancy", ["x"], ["then_y"], name="odd", domain="com.acme")
    plain = helper.make_node("Abs", ["x"], ["else_y"], name="size")
    branches = {
        f"{name}_branch": helper.make_graph(
            [node], name, [], [helper.make_tensor_value_info(f"{name}_y", TensorProto.FLOAT, None)]
        )
        for name, node in (("then", odd), ("else", plain))
    }
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["most"], name="most", keepdims=0),
        helper.make_node("Cast", ["most"], ["chosen"], name="chosen", to=TensorProto.BOOL),
        helper.make_node("If", ["chosen"], ["y"], name="fork", **branches),
    ]
    told = asked(model(nodes, opsets=(("", 18), ("com.acme", 1))), target)
    assert "odd" in [each.node for each in told.gaps]


@pytest.mark.parametrize("target", ["pt2", "savedmodel"])
def test_an_operator_that_onnx_lacks_is_named(asked, target):
    told = asked(model([helper.make_node("Fancy", ["x"], ["y"], name="odd")]), target)
    assert not told.supported
    assert [(each.node, each.operator) for each in told.gaps] == [("odd", "Fancy")]
    assert "18" in told.gaps[0].reason


@pytest.mark.parametrize("target", TOLD_BY)
def test_a_file_that_is_no_model_is_refused(tmp_path, target):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"\xff\xff no protobuf")
    with pytest.raises(InvalidModel):
        CHECKERS["onnx", target].check(path, {})


def test_what_is_called_uncovered_does_not_run(tmp_path):
    """Of a sample of ONNX's own cases; the other direction is what the whole suite counts."""
    write_official(tmp_path)
    chosen = cases_in(tmp_path)[::40]
    engine = engine_named("pytorch")
    refused = [
        case for case in chosen if not CHECKERS["onnx", "pt2"].check(case.model, {}).supported
    ]
    ran = [case.name for case in refused if judge(case, engine).status is Status.PASSED]
    assert ran == []


def test_the_nodes_around_a_gap_are_asked_for_alone(asked):
    odd = helper.make_node(
        "Gradient",
        ["wide"],
        ["g"],
        name="odd",
        domain="ai.onnx.preview.training",
        xs=["wide"],
        y="wide",
    )
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], name="wide", to=TensorProto.DOUBLE),
        odd,
        helper.make_node("Cast", ["g"], ["y"], name="narrow", to=TensorProto.FLOAT),
    ]
    told = asked(model(nodes, opsets=(("", 18), ("ai.onnx.preview.training", 1))), "ort")
    assert [each.node for each in told.gaps] == ["odd"]
    assert (told.nodes, told.covered) == (3, 2)
