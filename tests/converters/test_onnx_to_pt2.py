"""ONNX to exported programs by our own importer: verified, open where the graph is, or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from shared.domain.orders import ProducedNote

EDGE = "onnx-to-pt2"
F = TensorProto.FLOAT
RNG = np.random.default_rng(7)


def info(name: str, shape: Any, dtype: int = F) -> Any:
    return helper.make_tensor_value_info(name, dtype, shape)


def weight(name: str, *shape: int, dtype: str = "float32") -> Any:
    return numpy_helper.from_array(RNG.standard_normal(shape).astype(dtype), name)


def node(operator: str, inputs: str, outputs: str, **attributes: Any) -> Any:
    return helper.make_node(operator, inputs.split(), outputs.split(), **attributes)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    def save(nodes: Any, inputs: Any, outputs: Any, weights: Any = (), **more: Any) -> Path:
        graph = helper.make_graph(nodes, "main", inputs, outputs, list(weights))
        domains = more.pop("domains", ())
        imports = [helper.make_opsetid("", more.pop("opset", 20))]
        imports += [helper.make_opsetid(each, 1) for each in domains]
        model = helper.make_model(graph, opset_imports=imports, ir_version=10)
        path = tmp_path / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return save


def cnn(saved: Callable[..., Path]) -> Path:
    return saved(
        [
            node("Conv", "x conv.weight conv.bias", "a", pads=[1] * 4),
            node("Relu", "a", "b"),
            node("GlobalAveragePool", "b", "c"),
            node("Flatten", "c", "d"),
            node("MatMul", "d w", "e"),
            node("Add", "e fc.bias", "y"),
        ],
        [info("x", ["batch", 3, "height", "width"])],
        [info("y", ["batch", 5])],
        [weight("conv.weight", 4, 3, 3, 3), weight("conv.bias", 4), weight("w", 4, 5),
         weight("fc.bias", 5)],
    )  # fmt: skip


def test_batch_and_picture_stay_open(bench: Any, saved: Callable[..., Path]) -> None:
    carried = bench.carry(EDGE, cnn(saved))
    batches = {case["shapes"]["x"][0] for case in carried.report["cases"]}
    sides = {tuple(case["shapes"]["x"][2:]) for case in carried.report["cases"]}
    assert batches == {1, 2, 5}
    assert len(sides) > 1


def test_what_was_taken_apart_is_a_layer_again(bench: Any, saved: Callable[..., Path]) -> None:
    carried = bench.carry(EDGE, cnn(saved))
    program = torch.export.load(carried.output)
    called = [str(each.target) for each in program.graph.nodes if each.op == "call_function"]
    assert "aten.linear.default" in called
    assert "aten.matmul.default" not in called
    assert {"conv.weight", "conv.bias", "fc.bias"} <= set(program.state_dict)


def test_fixed_lengths_are_fixed_where_that_is_wished(
    bench: Any, saved: Callable[..., Path]
) -> None:
    carried = bench.carry(EDGE, cnn(saved), dynamic=False)
    assert len({case["shapes"]["x"][0] for case in carried.report["cases"]}) == 1


def test_shapes_are_computed_from_lengths(bench: Any, saved: Callable[..., Path]) -> None:
    path = saved(
        [
            node("Shape", "x", "shape"),
            node("Gather", "shape zero", "n"),
            node("Concat", "n rest", "wanted", axis=0),
            node("Reshape", "x wanted", "y"),
        ],
        [info("x", ["batch", 4, 6])],
        [info("y", ["batch", 2, 12])],
        [numpy_helper.from_array(np.array([0]), "zero"),
         numpy_helper.from_array(np.array([2, 12]), "rest")],
    )  # fmt: skip
    bench.carry(EDGE, path)


def test_a_branch_on_the_data_stays_a_branch(bench: Any, saved: Callable[..., Path]) -> None:
    def branch(operator: str) -> Any:
        return helper.make_graph([node(operator, "x", "r")], operator, [], [info("r", ["b", 3])])

    path = saved(
        [
            node("ReduceSum", "x", "s", keepdims=0),
            node("Greater", "s zero", "c"),
            node("If", "c", "y", then_branch=branch("Exp"), else_branch=branch("Abs")),
        ],
        [info("x", ["b", 3])],
        [info("y", ["b", 3])],
        [numpy_helper.from_array(np.float32(0), "zero")],
    )
    bench.carry(EDGE, path)


def test_a_loop_of_a_known_length(bench: Any, saved: Callable[..., Path]) -> None:
    body = helper.make_graph(
        [node("Add", "h step", "h2"), node("Identity", "c", "c2"), node("Identity", "h2", "o")],
        "body",
        [info("i", [], TensorProto.INT64), info("c", [], TensorProto.BOOL), info("h", ["b", 3])],
        [info("c2", [], TensorProto.BOOL), info("h2", ["b", 3]), info("o", ["b", 3])],
    )
    path = saved(
        [node("Loop", "n yes x", "last all", body=body)],
        [info("x", ["b", 3])],
        [info("last", ["b", 3]), info("all", [4, "b", 3])],
        [numpy_helper.from_array(np.int64(4), "n"), numpy_helper.from_array(np.bool_(1), "yes"),
         weight("step", 3)],
    )  # fmt: skip
    bench.carry(EDGE, path)


def test_a_loop_until_the_data_says_so(bench: Any, saved: Callable[..., Path]) -> None:
    body = helper.make_graph(
        [node("Mul", "h half", "h2"), node("ReduceMax", "h2", "m", keepdims=0),
         node("Greater", "m one", "c2")],
        "body",
        [info("i", [], TensorProto.INT64), info("c", [], TensorProto.BOOL), info("h", ["b", 3])],
        [info("c2", [], TensorProto.BOOL), info("h2", ["b", 3])],
    )  # fmt: skip
    path = saved(
        [node("Loop", "n yes x", "y", body=body)],
        [info("x", ["b", 3])],
        [info("y", ["b", 3])],
        [numpy_helper.from_array(np.int64(50), "n"), numpy_helper.from_array(np.bool_(1), "yes"),
         numpy_helper.from_array(np.float32(0.5), "half"),
         numpy_helper.from_array(np.float32(0.1), "one")],
    )  # fmt: skip
    bench.carry(EDGE, path)


def test_a_model_without_inputs(bench: Any, saved: Callable[..., Path]) -> None:
    path = saved([node("Exp", "w", "y")], [], [info("y", [2, 3])], [weight("w", 2, 3)])
    bench.carry(EDGE, path)


@pytest.mark.parametrize("dtype", [TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16])
def test_other_floats(bench: Any, saved: Callable[..., Path], dtype: int) -> None:
    path = saved(
        [node("Cast", "w", "v", to=dtype), node("Mul", "x v", "y")],
        [info("x", ["b", 3], dtype)],
        [info("y", ["b", 3], dtype)],
        [weight("w", 3)],
    )
    bench.carry(EDGE, path)


def test_names_that_python_does_not_have(bench: Any, saved: Callable[..., Path]) -> None:
    path = saved(
        [node("Sub", "input:0 class", "y")],
        [info("input:0", ["b", 3]), info("class", ["b", 3])],
        [info("y", ["b", 3])],
    )
    bench.carry(EDGE, path)


def test_several_outputs_keep_their_names(bench: Any, saved: Callable[..., Path]) -> None:
    path = saved(
        [node("Neg", "x", "boxes"), node("Abs", "x", "scores")],
        [info("x", ["b", 3])],
        [info("boxes", ["b", 3]), info("scores", ["b", 3])],
    )
    carried = bench.carry(EDGE, path)
    assert carried.report["matched_by"] == "inputs by name, outputs by name"


def test_a_quantised_model(bench: Any, saved: Callable[..., Path]) -> None:
    scale = numpy_helper.from_array(np.float32(0.05), "s")
    zero = numpy_helper.from_array(np.uint8(128), "z")
    path = saved(
        [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "d"),
         node("MatMul", "d w", "y")],
        [info("x", ["b", 4])],
        [info("y", ["b", 2])],
        [scale, zero, weight("w", 4, 2)],
    )  # fmt: skip
    bench.carry(EDGE, path)


def test_an_unknown_domain_is_named(
    bench: Any, saved: Callable[..., Path], refused: Callable[[Any, str], Any]
) -> None:
    path = saved(
        [helper.make_node("Magic", ["x"], ["y"], name="trick", domain="acme")],
        [info("x", ["b", 3])],
        [info("y", ["b", 3])],
        domains=["acme"],
    )
    note, _ = bench.convert(EDGE, path)
    fault = refused(note, "unsupported_operator")
    assert (fault.node, fault.operator) == ("trick", "acme.Magic")


def test_strings_have_no_place_in_a_program(
    bench: Any, saved: Callable[..., Path], refused: Callable[[Any, str], Any]
) -> None:
    path = saved(
        [node("Identity", "x", "y")],
        [info("x", ["b"], TensorProto.STRING)],
        [info("y", ["b"], TensorProto.STRING)],
    )
    note, _ = bench.convert(EDGE, path)
    assert "strings" in refused(note, "conversion_failed").detail


def test_an_unknown_rank_is_refused(
    bench: Any, saved: Callable[..., Path], refused: Callable[[Any, str], Any]
) -> None:
    path = saved([node("Neg", "x", "y")], [info("x", None)], [info("y", None)])
    note, _ = bench.convert(EDGE, path)
    fault = refused(note, "conversion_failed")
    assert fault.node == "x"
    assert "rank" in fault.detail


def test_a_length_that_the_graph_insists_on_is_refused_by_name(
    bench: Any, saved: Callable[..., Path], refused: Callable[[Any, str], Any]
) -> None:
    path = saved(
        [node("Add", "x w", "y")],
        [info("x", ["batch", 3])],
        [info("y", ["batch", 3])],
        [weight("w", 3, 3)],
    )
    note, _ = bench.convert(EDGE, path)
    fault = refused(note, "conversion_failed")
    assert "batch" in fault.detail
    assert isinstance(bench.convert(EDGE, path, dynamic=False)[0], ProducedNote)
