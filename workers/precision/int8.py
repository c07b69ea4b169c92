"""Int8: a float32 graph whose products are quantised by the user's samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.errors import InvalidOptions, SamplesRequired, StepRefused
from workers.converter import Bench
from workers.deliver import deliver, draft
from workers.precision.calibration import Calibrator
from workers.precision.findings import types_of
from workers.precision.lowering import drop_unread_weights
from workers.precision.models import load, save
from workers.precision.quantising import quantise
from workers.precision.runs import sampled
from workers.precision.spots import Operator, Spot, spots
from workers.precision.thresholds import Calibration

NAMED: Final = 50
"""Nodes that the report names."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user decided."""

    calibration: Calibration
    percentile: float
    per_channel: bool
    operators: tuple[Operator, ...]
    leave_out: tuple[str, ...]


def to_int8(bench: Bench[Any], wish: Wish) -> None:
    """Calibrate on the samples, put Q/DQ pairs in, and deliver.

    Raises:
        SamplesRequired: there are none.
        BadSamples: they do not fit, or nothing can be scaled by them.
        InvalidOptions: a node to leave out is none of the graph.
        StepRefused: the graph is quantised already, or has nothing to quantise.
    """
    if bench.samples is None:
        raise SamplesRequired(
            "int8 is calibrated on inputs as the model meets them in use: send samples.",
            field="samples",
        )
    bench.say("reading the graph", progress=0.02)
    model, remarks = load(bench.source)
    _check(model, wish)
    types = types_of(model, bench.folder)
    found = list(spots(model, types, wish.operators, wish.leave_out, per_channel=wish.per_channel))
    if not found:
        raise StepRefused(
            f"The graph has no {' or '.join(wish.operators)} with a constant weight in float32,"
            " so there is nothing to quantise. Ask for another precision."
        )
    thresholds = _calibrated(bench, model, found, wish)
    alive = [each for each in found if thresholds[each.tensor] > 0]
    bench.say(f"quantising {len(alive)} nodes", progress=0.8)
    quantise(model, alive, thresholds)
    drop_unread_weights(model.graph)
    bench.note(precision=_report(model, wish, alive, found) | {"remarks": remarks})
    deliver(bench, save(model, draft(bench)))


def _check(model: Any, wish: Wish) -> None:
    names = {node.name for node in model.graph.node}
    if unknown := [each for each in wish.leave_out if each not in names]:
        raise InvalidOptions(
            f"The graph has no node {unknown[0]!r} to leave out.", field="options.leave_out"
        )
    done = next((n for n in model.graph.node if n.op_type == "QuantizeLinear"), None)
    if done is not None:
        raise StepRefused(
            "The graph is quantised already. Send the float model that it was made from.",
            node=done.name,
            operator=done.op_type,
        )


def _calibrated(
    bench: Bench[Any], model: Any, found: Sequence[Spot], wish: Wish
) -> dict[str, float]:
    path = save(model, bench.folder / "float32.onnx")
    tensors = list(dict.fromkeys(each.tensor for each in found))
    samples = bench.samples
    assert samples is not None  # noqa: S101 - the caller has seen to it
    bench.say(f"calibrating {len(tensors)} tensors", progress=0.1)
    calibrator = Calibrator(
        model, tensors, lambda: sampled(path, samples), bench.folder / "calibration"
    )
    return calibrator(wish.calibration, wish.percentile)


def _report(
    model: Any, wish: Wish, alive: Sequence[Spot], found: Sequence[Spot]
) -> dict[str, Any]:
    from math import prod

    from onnx import TensorProto

    quantised = {each.node for each in alive}
    floats = [
        node.name
        for node in model.graph.node
        if node.op_type in wish.operators and node.name not in quantised
    ]
    dead = [each.node for each in found if each.node not in quantised]
    sizes = {"int8": TensorProto.INT8, "fp32": TensorProto.FLOAT}
    return {
        "precision": "int8",
        "calibration": str(wish.calibration),
        "nodes": {"int8": len(alive), "fp32": len(floats)},
        "parameters": {
            name: sum(prod(w.dims) for w in model.graph.initializer if w.data_type == kind)
            for name, kind in sizes.items()
        },
        "kept_in_fp32": [
            {"node": name, "reason": _reason(name, wish, dead)} for name in floats[:NAMED]
        ],
        "kept_but_not_named": max(0, len(floats) - NAMED),
    }


def _reason(name: str, wish: Wish, dead: Sequence[str]) -> str:
    if name in wish.leave_out:
        return "it was left out by name"
    if name in dead:
        return "what it reads was zero in every sample"
    return "it has no constant weight in float32"
