"""What comes next in a job, read off its steps."""

import pytest

from shared.domain.jobs import INSPECTION, JobState, Place, Progress, action_at, progress
from shared.domain.lifecycle import State
from shared.domain.plans import Convert, Inspect, Plan, Route, Verify

CONVERT = Convert(
    converter="c", version=1, source="keras", target="onnx", options={}, toolchain={}
)
VERIFY = Verify(reference="keras", candidate="onnx", toolchain={})
ROUTE = Route(converts=(CONVERT,), verify=VERIFY)
PLAN = Plan(
    source="keras",
    target="onnx",
    inspect=Inspect(format="keras", toolchain={}),
    routes=(ROUTE, ROUTE),
)
W, RD, RN, D, F, C = State


def after(*rows: tuple[int, int, State]) -> Progress:
    return progress(PLAN, [(Place(route, position), state) for route, position, state in rows])


INSPECTED = (INSPECTION, 0, D)


@pytest.mark.parametrize(
    ("rows", "due"),
    [
        ([(-1, 0, W)], Progress(JobState.QUEUED, unblock=Place(-1, 0))),
        ([(-1, 0, RD)], Progress(JobState.QUEUED)),
        ([(-1, 0, RN)], Progress(JobState.RUNNING)),
        ([(-1, 0, D)], Progress(JobState.RUNNING, open=0)),
        ([(-1, 0, F)], Progress(JobState.FAILED)),
        ([(-1, 0, C)], Progress(JobState.CANCELLED)),
        ([INSPECTED, (0, 0, W), (0, 1, W)], Progress(JobState.RUNNING, unblock=Place(0, 0))),
        ([INSPECTED, (0, 0, RD), (0, 1, W)], Progress(JobState.RUNNING)),
        ([INSPECTED, (0, 0, D), (0, 1, W)], Progress(JobState.RUNNING, unblock=Place(0, 1))),
        ([INSPECTED, (0, 0, D), (0, 1, D)], Progress(JobState.SUCCEEDED)),
        (
            [INSPECTED, (0, 0, F), (0, 1, W)],
            Progress(JobState.RUNNING, drop=(Place(0, 1),), open=1),
        ),
        ([INSPECTED, (0, 0, RN), (0, 1, C)], Progress(JobState.RUNNING)),
        ([INSPECTED, (0, 0, C), (0, 1, C)], Progress(JobState.CANCELLED)),
        (
            [INSPECTED, (0, 0, F), (0, 1, C), (1, 0, F), (1, 1, W)],
            Progress(JobState.FAILED, drop=(Place(1, 1),)),
        ),
        (
            [INSPECTED, (0, 0, F), (0, 1, C), (1, 0, D), (1, 1, D)],
            Progress(JobState.SUCCEEDED),
        ),
    ],
)
def test_what_is_due(rows: list[tuple[int, int, State]], due: Progress) -> None:
    assert after(*rows) == due
    assert after(*reversed(rows)) == due


def test_actions_stand_where_the_plan_says() -> None:
    assert action_at(PLAN, Place(INSPECTION, 0)) is PLAN.inspect
    assert action_at(PLAN, Place(1, 0)) == CONVERT
    assert action_at(PLAN, Place(1, 1)) == VERIFY


def test_ends_are_final() -> None:
    assert [state for state in JobState if not state.final] == [JobState.QUEUED, JobState.RUNNING]
