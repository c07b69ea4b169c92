"""Reports: what became of a local conversion, as one JSON object."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from shared.domain.faults import Fault
from shared.domain.findings import findings
from shared.domain.jobs import INSPECTION, MAPPING, JobState
from shared.domain.lifecycle import State
from shared.domain.locations import location
from shared.domain.plans import Convert, Route
from shared.domain.views import EngineView, RejectedRoute, Report
from workers.local.journey import Journey, Step

Json = dict[str, Any]


def failure(fault: Fault) -> Json:
    """The report where there was nothing to travel on."""
    return {"state": JobState.FAILED.value, "error": fault.model_dump(mode="json")}


def report_of(journey: Journey, state: JobState, model: str, seconds: float) -> Json:
    """The service's report of a job, with its state, error and steps, and the mapping of the
    last transplant that was tried.

    Args:
        model: the digest of the source.
        seconds: of wall time, from the first step to the last.
    """
    last = max(step.place.route for step in journey.steps)
    taken = journey.plan.routes[last] if state is JobState.SUCCEEDED else None
    faults = [step.fault for step in journey.steps if step.state is State.FAILED]
    steps = journey.on_route(last)
    summary = _summary(journey, taken, steps, model, seconds).model_dump(mode="json")
    inspected = journey.on_route(INSPECTION)[0].report
    return {
        "state": state.value,
        **summary,
        "error": faults[0].model_dump(mode="json") if faults and faults[0] and not taken else None,
        "inspection": dict(inspected) or None,
        **_mapping(journey),
        "steps": [_step(step) for step in journey.steps],
    }


def _summary(
    journey: Journey, taken: Route | None, steps: Sequence[Step], model: str, seconds: float
) -> Report:
    proof = None if taken is None else taken.proof
    converts = [step for step in steps if isinstance(step.action, Convert)]
    built = findings(converts[-1].report if converts else None)
    checked = [step.report for step in journey.steps if step.action.kind == "check"]
    verified = [dict(step.report) for step in steps if step.action.kind == "verify"]
    verification = verified[-1] or None if verified else None
    route = journey.plan.routes[max(steps[0].place.route, 0)]
    engine = built.manifest and EngineView(
        manifest=built.manifest,
        model=model,
        route=route.name,
        verification=verification if proof == "verified" else None,
    )
    return Report(
        proof=proof,
        unverified=taken.unverified if taken else None,
        coverage=findings(checked[-1]).coverage if checked else None,
        engine=engine,
        build=built.build,
        route=taken.name if taken else None,
        rejected=tuple(_rejected(journey)),
        declined=tuple(each.model_dump() for each in journey.plan.declined),
        verification=verification,
        located=location(step.report for step in journey.steps if step.action.kind == "verify"),
        seconds=round(seconds, 3),
    )


def _mapping(journey: Journey) -> Json:
    told = [step.report for step in journey.steps if step.report.get(MAPPING)]
    last = told[-1] if told else {}
    return {name: last.get(name) for name in (MAPPING, "mapping_file")}


def _rejected(journey: Journey) -> list[RejectedRoute]:
    return [
        RejectedRoute(
            route=journey.plan.routes[step.place.route].name,
            step=step.action.title,
            fault=step.fault,
        )
        for step in journey.steps
        if step.place.route != INSPECTION and step.state is State.FAILED and step.fault
    ]


def _step(step: Step) -> Json:
    return {
        **asdict(step.place),
        "kind": step.action.kind,
        "title": step.action.title,
        "state": step.state.value,
        "attempts": step.attempts,
        "seconds": step.seconds,
        "peak_memory": step.peak_memory,
        "gpu": step.gpu.name if step.gpu else None,
        "output": step.output.model_dump(mode="json") if step.output else None,
        "fault": step.fault.model_dump(mode="json") if step.fault else None,
    }
