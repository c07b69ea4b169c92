"""Mixed: a float32 graph in a 16-bit float, but for the nodes that would suffer."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from workers.converter import Bench
from workers.deliver import deliver, draft
from workers.onnx_files.opsets import version
from workers.onnxruntime_bridge.widening import HALVES, mentions, widened
from workers.precision.choice import Graph, kept
from workers.precision.findings import Findings, Probes, types_of
from workers.precision.lowering import Lowering
from workers.precision.models import load, save
from workers.precision.runs import inputs_for
from workers.precision.slots import FLOAT, slots
from workers.precision.targets import Half

NAMED: Final = 50
"""Nodes that the report names; it counts the others."""


def lower(bench: Bench[Any], half: Half, *, keep_io: bool) -> None:
    """Write the source with what can be in `half`, and say in the report what is not.

    Raises:
        BadSamples: the samples do not fit, or none could be made up that the source takes.
        UnsupportedOperator, InvalidModel: ONNX Runtime cannot run the source.
    """
    bench.say("reading the graph", progress=0.02)
    model, remarks = load(bench.source, half.opset)
    graph = _graph(model, bench, half)
    found = _watched(model, graph, bench, half)
    reasons = kept(graph, found, half)
    names = {name for name, each in graph.slots.items() if each.lowerable} - reasons.keys()
    bench.say(f"{len(names)} nodes in {half.title}, {len(reasons)} in float32", progress=0.75)
    lowered = {name: graph.slots[name] for name in names}
    Lowering(model, graph.types, lowered, half, keep_io=keep_io)()
    report = _report(model, half, graph, reasons, found)
    bench.note(precision=report | {"remarks": remarks})
    deliver(bench, save(model, draft(bench)))


def bring_up(bench: Bench[Any]) -> None:
    """Write the source in float32 where it was in 16-bit floats; one that was not, as it is."""
    import onnx

    bench.say("reading the graph", progress=0.05)
    model = onnx.load(bench.source)
    narrow = mentions(model, HALVES)
    if narrow:
        model = widened(model, HALVES, rounded=False, keep_io=True)
    bench.note(precision={"precision": "fp32", "changed": narrow})
    deliver(bench, save(model, draft(bench)))


def _graph(model: Any, bench: Bench[Any], half: Half) -> Graph:
    types = types_of(model, bench.folder)
    opset = version(model)
    nodes = tuple(model.graph.node)
    return Graph(
        nodes=nodes,
        slots={node.name: slots(node, types, half, opset) for node in nodes},
        types=types,
        weights=_magnitudes(model),
    )


def _watched(model: Any, graph: Graph, bench: Bench[Any], half: Half) -> Findings:
    tensors = dict.fromkeys(
        name
        for node in graph.nodes
        if graph.slots[node.name].lowerable
        for name in (*node.input, *node.output)
        if graph.types.get(name) == FLOAT and name not in graph.weights
    )
    wild = {name for name, size in graph.weights.items() if not half.holds(size)}
    probes = Probes(
        model,
        graph.types,
        list(tensors),
        bench.folder,
        half=half,
        slots=graph.slots,
        exact=wild,  # the nodes that read them are kept, whatever they would make of them
    )
    path = save(model, bench.folder / "float32.onnx")
    cases = inputs_for(path, bench.samples, lambda *_: None)
    for number, inputs in enumerate(cases, 1):
        bench.say(
            f"watched case {number} of {len(cases)}", progress=0.1 + 0.6 * number / len(cases)
        )
        probes.run(inputs)
    return probes.findings


def _magnitudes(model: Any) -> dict[str, float]:
    """The largest finite magnitude of every float32 weight."""
    import numpy as np
    from onnx import TensorProto, numpy_helper

    found = {}
    for weight in model.graph.initializer:
        if weight.data_type == TensorProto.FLOAT:
            sizes = np.abs(numpy_helper.to_array(weight))
            found[weight.name] = float(sizes[np.isfinite(sizes)].max(initial=0.0))
    return found


def _report(
    model: Any, half: Half, graph: Graph, reasons: Mapping[str, str], found: Findings
) -> dict[str, Any]:
    operators = {node.name: node.op_type for node in graph.nodes}
    lowerable = {name for name, each in graph.slots.items() if each.lowerable}
    return {
        "precision": str(half.precision),
        "nodes": {str(half.precision): len(lowerable - reasons.keys()), "fp32": len(reasons)},
        "parameters": _parameters(model, half),
        "kept_in_fp32": [
            {"node": name, "operator": operators[name], "reason": reason}
            for name, reason in list(reasons.items())[:NAMED]
        ],
        "kept_but_not_named": max(0, len(reasons) - NAMED),
        "cases": found.runs,
    }


def _parameters(model: Any, half: Half) -> dict[str, int]:
    from math import prod

    counts: Counter[int] = Counter()
    for weight in model.graph.initializer:
        counts[weight.data_type] += prod(weight.dims)
    return {str(half.precision): counts[half.kind], "fp32": counts[1]}
