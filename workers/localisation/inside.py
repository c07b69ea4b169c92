"""Inside: the first node of a convert's source that computes something else afterwards."""

from dataclasses import dataclass, replace
from typing import Any, Final

from shared.domain.formats import FORMATS, ONNX
from shared.domain.locations import Located
from shared.domain.plans import Convert
from workers.converters import catalogue
from workers.localisation.apart import Apart
from workers.localisation.budget import Budget
from workers.localisation.cuts import CUTS
from workers.localisation.graphs import Node
from workers.localisation.onnx_cuts import OnnxCuts
from workers.localisation.probes import Probe, converted, ended
from workers.localisation.search import Found, bisect
from workers.localisation.transplanted import Carried, in_transplant
from workers.localisation.trials import first_apart
from workers.localisation.walk import Walk
from workers.verification.verify import Kept, Say, Side

ADDS_UP: Final = (
    "on no case is the step alone off by more than the tolerance: what the steps lose adds up"
)
OUT_OF_TIME: Final = "the time for looking ended"


def inside(
    found: Located, kept: Kept, walk: Walk, at: int, *, budget: Budget, say: Say
) -> Located:
    """The same location, with the node where it can be told, else with the reason.

    Args:
        at: the number of the convert in the walk; the models around it are at hand.

    Raises:
        FerryError, or whatever a library raises: one of the models cannot be read again.
    """
    convert, before, after = walk.converts[at], walk.models[at], walk.models[at + 1]
    if _carries_weights(convert) and before is not None and after is not None:
        trial = first_apart(kept, before, after, is_source=at == 0)
        return in_transplant(found, Carried(convert, before, after), trial, walk.folder)
    unlike = None if convert.source == convert.target == ONNX.name else _closed(convert)
    if convert.source not in CUTS:
        unlike = f"a {FORMATS[convert.source].title} cannot be ended at its nodes"
    if unlike or before is None or after is None:
        return found.model_copy(update={"why": unlike})
    trial = first_apart(kept, before, after, is_source=at == 0)
    if trial is None:
        return found.model_copy(update={"why": ADDS_UP})
    cuts = CUTS[convert.source](before.path)
    again = Probe(
        kept, trial, convert.source, cuts, converted(convert, walk.again), walk.folder, say
    )
    searched = _searched(again, convert, after, budget)
    seen, span = again.seen, searched.span
    told = seen.get(span.right, Apart(None, 0.0)), seen.get(span.wrong, trial.apart)
    named = _named(cuts.graph.nodes[span.right : span.wrong], told, searched.why)
    return found.model_copy(update=named | {"runs": found.runs + searched.runs})


def _carries_weights(convert: Convert) -> bool:
    edge = catalogue().get(convert.converter)
    return edge is not None and edge.transplant


@dataclass(frozen=True, slots=True)
class _Searched:
    """What is left between right and wrong, after so many runs; why that is more than a node."""

    span: Found
    runs: int
    why: str | None


def _closed(convert: Convert) -> str | None:
    """Why a convert cannot be carried out on parts of its source; None where it can."""
    edge = catalogue().get(convert.converter)
    if edge is None or edge.version != convert.version:
        return "this worker has another version of the converter"
    if edge.environment:
        return "the converter needs a process of its own, so it is not tried on parts of the model"
    if edge.transplant:
        return "a transplant takes the weights of a whole model, so it is not tried on parts"
    return None


def _searched(again: Probe, convert: Convert, after: Side, budget: Budget) -> _Searched:
    """Bisect, with the parts of the source converted again.

    ONNX that stays ONNX keeps the names of most tensors: both models are ended at the same ones
    first, and only what is left between these is converted.
    """
    cuts = again.cuts
    positions = cuts.graph.positions(cuts.comparable)
    span, runs = Found(positions[0], positions[-1], 0), 0
    if convert.source == convert.target == ONNX.name:
        there = OnnxCuts(after.path)
        shared = cuts.graph.positions(lambda name: cuts.comparable(name) and there.has(name))
        direct = replace(again, other=ended(there))
        span = bisect(shared, direct, lambda _: budget.may_go_on())
        runs = direct.runs
    between = [at for at in positions if span.right < at < span.wrong]
    why = _closed(convert) if between else None
    if between and why is None:
        span = bisect([span.right, *between, span.wrong], again, budget.may_convert)
        left = any(span.right < at < span.wrong for at in positions)
        why = "no part of it that ends between them can be converted and run" if left else None
    return _Searched(span, runs + again.runs, OUT_OF_TIME if budget.is_spent else why)


def _named(nodes: tuple[Node, ...], told: tuple[Apart, Apart], why: str | None) -> dict[str, Any]:
    """One node, or the first and the last that it may be. Where nothing in between can be looked
    at, the last is the one whose tensors are known to be wrong."""
    last = nodes[-1]
    found: dict[str, Any] = {"error_before": told[0].error, "error_after": told[1].error}
    if why is None:
        found |= {"node": last.name, "operator": last.operator, "module": last.place}
    if len(nodes) > 1:
        found |= {"range": (nodes[0].name, last.name), "why": why}
    return found
