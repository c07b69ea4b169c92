"""Graphs are read, put in order, and refused where they are wrong, with the node's name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from shared.domain.errors import FerryError, InvalidModel, UnsupportedOperator
from workers.onnx_graph.nodes import Graph
from workers.onnx_graph.ordering import ordered
from workers.onnx_graph.reading import read

X = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])
Y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)


def nothing(*_: object) -> bool:
    return False


def everything(*_: object) -> bool:
    return True


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    def save(nodes: list[Any], *, opsets: dict[str, int] | None = None, **graph: Any) -> Path:
        weights = [
            numpy_helper.from_array(array, name)
            for name, array in graph.pop("weights", {}).items()
        ]
        made = helper.make_graph(nodes, "main", [X], [Y], initializer=weights, **graph)
        imports = [helper.make_opsetid(k, v) for k, v in (opsets or {"": 20}).items()]
        model = helper.make_model(made, opset_imports=imports, ir_version=10)
        path = tmp_path / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return save


def test_an_unsorted_graph_is_put_in_order(saved: Callable[..., Path]) -> None:
    path = saved([helper.make_node("Neg", ["b"], ["y"]), helper.make_node("Abs", ["x"], ["b"])])
    assert [node.operator for node in read(path, everything).graph.nodes] == ["Abs", "Neg"]


def test_a_circle_is_refused_by_the_names_of_its_nodes(saved: Callable[..., Path]) -> None:
    path = saved(
        [
            helper.make_node("Add", ["x", "c"], ["b"], name="one"),
            helper.make_node("Neg", ["b"], ["c"], name="two"),
            helper.make_node("Abs", ["c"], ["y"], name="three"),
        ]
    )
    with pytest.raises(InvalidModel, match=r"'one'.*'two'.*'one'|'two'.*'one'.*'two'") as caught:
        read(path, everything)
    assert caught.value.fault.node in {"one", "two"}


def test_an_operator_that_does_not_exist_is_named(saved: Callable[..., Path]) -> None:
    path = saved([helper.make_node("Frobnicate", ["x"], ["y"], name="here")])
    with pytest.raises(UnsupportedOperator, match="Frobnicate") as caught:
        read(path, nothing)
    assert (caught.value.fault.node, caught.value.fault.operator) == ("here", "Frobnicate")


def test_an_operator_that_came_later_than_the_opset_is_named(saved: Callable[..., Path]) -> None:
    path = saved([helper.make_node("Gelu", ["x"], ["y"], name="g")], opsets={"": 13})
    with pytest.raises(UnsupportedOperator, match=r"Gelu.*opset 13"):
        read(path, nothing)


def test_a_foreign_domain_is_read_and_left_to_the_importer(saved: Callable[..., Path]) -> None:
    path = saved(
        [helper.make_node("Magic", ["x"], ["y"], domain="acme")], opsets={"": 20, "acme": 1}
    )
    (node,) = read(path, everything).graph.nodes
    assert node.title == "acme.Magic"


def test_a_name_that_nobody_makes_is_refused(saved: Callable[..., Path]) -> None:
    path = saved([helper.make_node("Add", ["x", "ghost"], ["y"], name="n")])
    with pytest.raises(InvalidModel, match="'ghost'") as caught:
        read(path, everything)
    assert caught.value.fault.node == "n"


def test_one_output_of_two_nodes_is_refused(saved: Callable[..., Path]) -> None:
    path = saved([helper.make_node("Neg", ["x"], ["y"]), helper.make_node("Abs", ["x"], ["y"])])
    with pytest.raises(InvalidModel, match="'y'"):
        read(path, everything)


@pytest.mark.parametrize("missing", [1, 3, 40])
def test_a_weight_with_too_few_bytes_is_refused(tmp_path: Path, missing: int) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 6])
    tensor.raw_data = bytes(48 - missing)
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [Y], [tensor])
    path = tmp_path / "m.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(InvalidModel, match=r"'w'.*48 bytes") as caught:
        read(path, everything)
    assert caught.value.fault.node == "w"


def test_functions_become_what_they_do_unless_the_importer_has_them(
    saved: Callable[..., Path],
) -> None:
    path = saved([helper.make_node("HardSwish", ["x"], ["y"])])
    assert [each.operator for each in read(path, everything).graph.nodes] == ["HardSwish"]
    body = [each.operator for each in read(path, nothing).graph.nodes]
    assert "HardSwish" not in body
    assert body[-1] == "Mul"


def test_defaults_of_the_schema_are_attributes(saved: Callable[..., Path]) -> None:
    path = saved([helper.make_node("LeakyRelu", ["x"], ["y"])])
    (node,) = read(path, everything).graph.nodes
    assert node.attributes["alpha"] == pytest.approx(0.01)
    assert node.version == 16


def test_values_are_let_go_of_after_their_last_reader(saved: Callable[..., Path]) -> None:
    path = saved(
        [
            helper.make_node("Neg", ["x"], ["a"]),
            helper.make_node("Abs", ["a"], ["b"]),
            helper.make_node("Add", ["a", "b"], ["y"]),
        ]
    )
    assert [node.last for node in read(path, everything).graph.nodes] == [("x",), (), ("a", "b")]


def test_what_a_subgraph_reads_is_kept_for_it(tmp_path: Path) -> None:
    inner = helper.make_graph(
        [helper.make_node("Add", ["a", "w"], ["r"])], "then", [],
        [helper.make_tensor_value_info("r", TensorProto.FLOAT, None)],
    )  # fmt: skip
    graph = helper.make_graph(
        [
            helper.make_node("Neg", ["x"], ["a"]),
            helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner),
        ],
        "main",
        [X, helper.make_tensor_value_info("c", TensorProto.BOOL, [])],
        [Y],
        [numpy_helper.from_array(np.ones(3, "float32"), "w")],
    )
    path = tmp_path / "m.onnx"
    path.write_bytes(helper.make_model(graph, ir_version=10).SerializeToString())
    found = read(path, everything).graph
    branch = found.nodes[1].attributes["then_branch"]
    assert isinstance(branch, Graph)
    assert branch.captured == {"a", "w"}
    assert "a" not in found.nodes[0].last


def test_external_weights_are_mapped_not_read(tmp_path: Path) -> None:
    array = np.arange(4096, dtype="float32").reshape(64, 64)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["w", "w"], ["y"])], "g", [], [Y],
        [numpy_helper.from_array(array, "w")],
    )  # fmt: skip
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph), path, save_as_external_data=True, location="w.bin",
              size_threshold=0)  # fmt: skip
    found = read(path, everything).graph.constants["w"].array
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, array)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_model_or_a_refusal(data: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        Path(file.name).write_bytes(data)
        try:
            read(Path(file.name), nothing)
        except FerryError as error:
            assert error.fault.detail  # noqa: PT017 - a sentence, whatever the bytes


class _Node:
    def __init__(self, index: int) -> None:
        self.name, self.op_type, self.output = f"n{index}", "Op", [f"v{index}"]


@given(st.lists(st.sets(st.integers(0, 11), max_size=4), min_size=1, max_size=12))
def test_every_order_respects_what_is_read(reads: list[set[int]]) -> None:
    nodes = [_Node(index) for index in range(len(reads))]
    wanted = [{f"v{other}" for other in each if other < len(reads)} for each in reads]
    try:
        order = ordered(nodes, wanted, "g")
    except InvalidModel:
        assert _has_circle(wanted)
        return
    assert sorted(order) == list(range(len(reads)))
    place = {f"v{index}": position for position, index in enumerate(order)}
    assert all(place[name] < place[f"v{i}"] for i, each in enumerate(wanted) for name in each)


def _has_circle(wanted: list[set[str]]) -> bool:
    """By taking away what waits for nothing, until nothing is left or nothing moves."""
    left = {f"v{index}": set(each) for index, each in enumerate(wanted)}
    while free := {name for name, waits in left.items() if not waits & left.keys()}:
        left = {name: waits for name, waits in left.items() if name not in free}
    return bool(left)
