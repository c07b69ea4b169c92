"""Preflight: the real parser's answer, part by part."""

import onnx
import pytest

from shared.domain.errors import InvalidModel
from tests.converters import tensorrt_nets as nets
from workers.checkers import CHECKERS
from workers.tensorrt_bridge.library import load
from workers.tensorrt_bridge.pieces import Whole


@pytest.fixture
def asked(tmp_path):
    def run(net, target="tensorrt-rtx"):
        path = nets.saved(tmp_path / "net.onnx", net)
        return CHECKERS["onnx", target].check(path, {})

    return run


def parts(coverage):
    return [(each.supported, each.nodes) for each in coverage.subgraphs]


@pytest.mark.parametrize("target", ["tensorrt-rtx", "tensorrt"])
def test_a_model_that_is_taken_is_one_part(asked, target):
    told = asked(nets.convolution(2), target)
    assert told.supported
    assert (told.target, told.by) == (target, load("tensorrt-rtx").title)
    assert (told.nodes, told.covered, told.gaps) == (4, 4, ())
    assert parts(told) == [(True, ("conv0", "relu0", "conv1", "relu1"))]


def test_parts_between_gaps_are_asked_for_alone(asked):
    told = asked(nets.gappy())
    assert not told.supported
    assert [(gap.node, gap.operator, gap.version) for gap in told.gaps] == [
        ("determinant", "Det", 18),
        ("distinct", "Unique", 18),
    ]
    assert parts(told) == [
        (True, ("square",)),
        (False, ("determinant",)),
        (True, ("positive",)),
        (False, ("distinct",)),
        (True, ("size",)),
    ]
    assert (told.nodes, told.covered) == (5, 3)


def test_gaps_that_the_parser_stops_at_do_not_hide_others(asked):
    told = asked(nets.hidden_gaps())
    assert [gap.node for gap in told.gaps] == ["one_bias", "two_bias"]
    assert all("QuantizeBias" in (gap.hint or "") for gap in told.gaps)
    assert (told.nodes, told.covered) == (4, 2)


def test_a_gap_in_a_branch_names_the_branch(asked):
    told = asked(nets.inner_gap())
    (gap,) = told.gaps
    assert (gap.node, gap.operator) == ("inner", "Det")
    assert "branch" in gap.reason
    assert parts(told) == [(False, ("branch",))]


def test_an_input_that_cannot_be_taken_is_a_gap(asked):
    told = asked(nets.text())
    (gap,) = told.gaps
    assert (gap.node, gap.operator) == ("x", "Input")
    assert not told.supported
    assert told.covered == 0


def test_a_broken_graph_is_no_coverage(asked):
    with pytest.raises(InvalidModel, match="not registered"):
        asked(nets.dangling())


def test_weights_in_other_files_are_found(tmp_path):
    path = tmp_path / "net.onnx"
    onnx.save(nets.wide(), path, save_as_external_data=True, location="w.bin", size_threshold=0)
    assert CHECKERS["onnx", "tensorrt-rtx"].check(path, {}).supported


def test_a_part_takes_along_what_its_branches_read(tmp_path):
    """The branch reads `x` from around it, and a piece without that input would be broken."""
    whole = Whole.read(nets.saved(tmp_path / "net.onnx", nets.inner_gap()))
    piece = onnx.load_model_from_string(whole.piece([0]))
    assert {each.name for each in piece.graph.input} == {"c", "x"}
    onnx.checker.check_model(piece)
