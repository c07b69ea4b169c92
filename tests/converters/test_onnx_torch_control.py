"""Control flow and recurrences of ONNX in exported programs: what the data or a length decide."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper, save

from shared.domain.errors import UnsupportedOperator
from workers.onnx_torch.exporting import export
from workers.onnx_torch.importer import load
from workers.runtimes.onnx import OnnxRuntime

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL

Exported = Callable[..., Any]


def random(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def value(name: str, dtype: int = FLOAT, shape: Sequence[int | str] | None = None) -> Any:
    return helper.make_tensor_value_info(name, dtype, shape)


def body(nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], **own: Any) -> Any:
    weights = [numpy_helper.from_array(each, name) for name, each in own.items()]
    return helper.make_graph(list(nodes), "body", list(inputs), list(outputs), weights)


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    """Export nodes that read `x`, and hold the program to ONNX Runtime on each of the inputs."""

    def run(
        nodes: Sequence[Any],
        shape: Sequence[int | str],
        fed: Sequence[Any],
        outputs: Sequence[str] = ("y",),
        **constants: Any,
    ) -> list[str]:
        weights = [numpy_helper.from_array(each, name) for name, each in constants.items()]
        graph = helper.make_graph(
            list(nodes), "graph", [value("x", FLOAT, shape)], list(map(value, outputs)), weights
        )
        opsets = [helper.make_opsetid("", 18)]
        path = tmp_path / "model.onnx"
        save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
        program = export(load(path), OnnxRuntime().inspect(path, {}).signature)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        module = program.module()
        for each in fed:
            found = module(torch.from_numpy(each))
            made = [found] if isinstance(found, torch.Tensor) else list(found.values())
            for ours, theirs in zip(made, session.run(None, {"x": each}), strict=True):
                np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-4, atol=1e-5)
        calls = [node for node in program.graph.nodes if node.op == "call_function"]
        return [str(node.target) for node in calls]

    return run


BATCHES = [random(size, 4, seed=size) * sign for size in (1, 2, 5) for sign in (1, -1)]


def positive() -> list[Any]:
    total = helper.make_node("ReduceSum", ["x"], ["total"], keepdims=0)
    return [total, helper.make_node("Greater", ["total", "zero"], ["held"])]


def test_branches_read_weights_from_around_and_of_their_own(exported):
    then = body([helper.make_node("MatMul", ["x", "around"], ["one"])], [], [value("one")])
    other = body(
        [
            helper.make_node("MatMul", ["x", "own"], ["product"]),
            helper.make_node("Reshape", ["product", "shape"], ["two"]),
        ],
        [],
        [value("two")],
        own=random(4, 32, seed=1),
        shape=np.array([-1, 32], np.int64),
    )
    branch = helper.make_node("If", ["held"], ["y"], then_branch=then, else_branch=other)
    weights = {"around": random(4, 32, seed=2), "zero": np.float32(0)}
    assert "cond" in exported([*positive(), branch], ["N", 4], BATCHES, **weights)


def test_a_branch_may_give_back_what_it_was_given(exported):
    same = body([helper.make_node("Identity", ["x"], ["one"])], [], [value("one")])
    turned = body([helper.make_node("Neg", ["x"], ["two"])], [], [value("two")])
    branch = helper.make_node("If", ["held"], ["y"], then_branch=same, else_branch=turned)
    exported([*positive(), branch], ["N", 4], BATCHES, zero=np.float32(0))


def trip(*, ends: bool, gathers: bool) -> Any:
    nodes = [
        helper.make_node("MatMul", ["old", "weight"], ["product"]),
        helper.make_node("Tanh", ["product"], ["new"]),
    ]
    outputs = [value("going", BOOL, []), value("new")]
    if ends:
        nodes.append(helper.make_node("ReduceMax", ["new"], ["most"], keepdims=0))
        nodes.append(helper.make_node("Greater", ["most", "little"], ["going"]))
    else:
        nodes.append(helper.make_node("Identity", ["goes"], ["going"]))
    if gathers:
        nodes.append(helper.make_node("ReduceSum", ["new"], ["sum"], keepdims=0))
        outputs.append(value("sum"))
    inputs = [value("number", INT64, []), value("goes", BOOL, []), value("old")]
    return body(nodes, inputs, outputs)


WEIGHTS = {"weight": random(4, 4, seed=3) * np.float32(0.4), "little": np.float32(0.05)}


@pytest.mark.parametrize(("count", "calls"), [(3, 0), (300, 1)])
def test_loops_of_known_length(exported, count, calls):
    loop = helper.make_node(
        "Loop", ["count", "", "x"], ["y", "sums"], body=trip(ends=False, gathers=True)
    )
    made = exported(
        [loop], ["N", 4], BATCHES, ["y", "sums"], count=np.array(count, np.int64), **WEIGHTS
    )
    assert made.count("scan") == calls


def test_a_loop_as_long_as_an_axis(exported):
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "first"], ["count"]),
        helper.make_node(
            "Loop", ["count", "", "x"], ["y", "sums"], body=trip(ends=False, gathers=True)
        ),
    ]
    first = np.array(0, np.int64)
    assert "scan" in exported(nodes, ["N", 4], BATCHES, ["y", "sums"], first=first, **WEIGHTS)


@pytest.mark.parametrize("limit", [None, 4])
def test_a_loop_that_its_data_end(exported, limit):
    names = ["" if limit is None else "limit", "start", "x"]
    given = {} if limit is None else {"limit": np.array(limit, np.int64)}
    loop = helper.make_node("Loop", names, ["y"], body=trip(ends=True, gathers=False))
    start = np.ones((), bool)
    assert "while_loop" in exported([loop], ["N", 4], BATCHES, start=start, **given, **WEIGHTS)


def test_a_loop_that_gathers_until_its_data_say_so_is_refused(exported):
    loop = helper.make_node(
        "Loop", ["limit", "start", "x"], ["y", "s"], body=trip(ends=True, gathers=True)
    )
    given = {"limit": np.array(4, np.int64), "start": np.ones((), bool)}
    with pytest.raises(UnsupportedOperator, match="gathers results until then"):
        exported([loop], ["N", 4], BATCHES, ["y", "s"], **given, **WEIGHTS)


@pytest.mark.parametrize("steps", ["T", 5])
def test_scans(exported, steps):
    nodes = [
        helper.make_node("MatMul", ["state", "weight"], ["product"]),
        helper.make_node("Add", ["product", "slice"], ["next"]),
        helper.make_node("Neg", ["next"], ["given"]),
    ]
    inner = body(nodes, [value("state"), value("slice")], [value("next"), value("given")])
    scan = helper.make_node("Scan", ["first", "x"], ["last", "y"], body=inner, num_scan_inputs=1)
    lengths = (3, 8) if steps == "T" else (5, 5)
    fed = [random(length, 4, seed=length) for length in lengths]
    made = exported([scan], [steps, 4], fed, ["last", "y"], first=random(4), **WEIGHTS)
    assert ("scan" in made) == (steps == "T")


@pytest.mark.parametrize(("operator", "gates"), [("RNN", 1), ("GRU", 3), ("LSTM", 4)])
@pytest.mark.parametrize("steps", ["T", 5])
def test_recurrences_of_any_length_and_batch(exported, operator, gates, steps):
    weights = {
        "w": random(2, gates * 8, 4),
        "r": random(2, gates * 8, 8, seed=1),
        "b": random(2, gates * 16, seed=2),
    }
    attributes: dict[str, Any] = {"linear_before_reset": 1} if operator == "GRU" else {}
    layer = helper.make_node(
        operator,
        ["x", "w", "r", "b"],
        ["y", "last"],
        hidden_size=8,
        direction="bidirectional",
        **attributes,
    )
    lengths = (3, 7) if steps == "T" else (5, 5)
    fed = [random(length, batch, 4) for length, batch in zip(lengths, (1, 4), strict=True)]
    made = exported([layer], [steps, "N", 4], fed, ["y", "last"], **weights)
    native = {"RNN": "rnn_tanh", "GRU": "gru", "LSTM": "lstm"}[operator]
    assert any(f"aten.{native}.input" in each for each in made) == (steps == 5)
