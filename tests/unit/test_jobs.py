"""What comes next in a job, read off its steps."""

import random
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.artifacts import Artifact
from shared.domain.gpus import ANY, Gpu, Needs, exactly
from shared.domain.jobs import (
    INSPECTION,
    JobState,
    Materials,
    Place,
    Progress,
    action_at,
    inputs_at,
    needs_at,
    order_of,
    progress,
    route_at,
)
from shared.domain.lifecycle import State
from shared.domain.offers import Queue
from shared.domain.plans import Check, Convert, Inspect, Plan, Route, Verify

CONVERT = Convert(
    converter="c", version=1, source="keras", target="onnx", options={}, toolchain={}
)
VERIFY = Verify(reference="keras", candidate="onnx", toolchain={})
OTHER = CONVERT.model_copy(update={"converter": "d"})
ROUTE = Route(converts=(CONVERT,), verify=VERIFY)
PLAN = Plan(
    source="keras",
    target="onnx",
    inspect=Inspect(format="keras", toolchain={}),
    routes=(ROUTE, Route(converts=(OTHER,), verify=VERIFY)),
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
        ([(-1, 0, D)], Progress(JobState.QUEUED, open=0)),
        ([(-1, 0, F)], Progress(JobState.FAILED)),
        ([(-1, 0, C)], Progress(JobState.CANCELLED)),
        ([INSPECTED, (0, 0, W), (0, 1, W)], Progress(JobState.QUEUED, unblock=Place(0, 0))),
        ([INSPECTED, (0, 0, RD), (0, 1, W)], Progress(JobState.QUEUED)),
        ([INSPECTED, (0, 0, D), (0, 1, W)], Progress(JobState.QUEUED, unblock=Place(0, 1))),
        ([INSPECTED, (0, 0, D), (0, 1, D)], Progress(JobState.SUCCEEDED)),
        (
            [INSPECTED, (0, 0, F), (0, 1, W)],
            Progress(JobState.QUEUED, drop=(Place(0, 1),), open=1),
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


def test_no_route_repeats_what_failed() -> None:
    """A template that does not fit its weights does not fit them on the way to another end."""
    fork = CONVERT.model_copy(update={"converter": "e", "source": "onnx"})
    routes = (ROUTE, Route(converts=(CONVERT, fork), verify=VERIFY), PLAN.routes[1])
    plan = PLAN.model_copy(update={"routes": routes})
    begun = [(Place(INSPECTION, 0), D)]
    first = [*begun, (Place(0, 0), F), (Place(0, 1), C)]
    assert progress(plan, first) == Progress(JobState.QUEUED, open=2)
    further = [*begun, (Place(0, 0), D), (Place(0, 1), F)]
    assert progress(plan, further) == Progress(JobState.QUEUED, open=1)
    alone = plan.model_copy(update={"routes": routes[:2]})
    assert progress(alone, first) == Progress(JobState.FAILED)


def test_actions_stand_where_the_plan_says() -> None:
    assert action_at(PLAN, Place(INSPECTION, 0)) is PLAN.inspect
    assert action_at(PLAN, Place(1, 0)) == OTHER
    assert action_at(PLAN, Place(1, 1)) == VERIFY


def test_ends_are_final() -> None:
    assert [state for state in JobState if not state.final] == [JobState.QUEUED, JobState.RUNNING]


def artifact(number: int, format: str) -> Artifact:
    return Artifact(digest=f"sha256:{number:064}", format=format, size=number)


def walk(source: str, *edges: Convert, on_gpu: bool = False, **more: Any) -> Plan:
    """A plan of one route over these edges."""
    queue = Queue.GPU if on_gpu else Queue.CPU
    last = edges[-1].target if edges else source
    verify = Verify(reference=source, candidate=last, queue=queue, toolchain={})
    route = Route(converts=edges, verify=verify, **more)
    return Plan(
        source=source,
        target=last,
        inspect=Inspect(format=source, toolchain={}),
        routes=(route,),
    )


def step(source: str, target: str, **more: Any) -> Convert:
    return Convert(
        converter=f"{source}-to-{target}",
        version=1,
        source=source,
        target=target,
        options={},
        toolchain={},
        **more,
    )


KERAS, ONNX, SLIM, ENGINE = (
    artifact(n, name) for n, name in enumerate(("keras", "onnx", "onnx", "tensorrt"), 1)
)
SAMPLES = artifact(9, "npz")
BUILD = step("onnx", "tensorrt", queue=Queue.GPU, needs=Needs(gpu="H100"))
H100 = Gpu(
    uuid="GPU-1", name="NVIDIA H100", compute_capability="9.0", memory=1 << 36, driver="580.1"
)
MANIFEST = {
    "format": "tensorrt",
    "digest": ENGINE.digest,
    "size": 1,
    "library": "11.4",
    "gpu": H100.model_dump(),
    "precision": "fp32",
    "inputs": [],
    "outputs": [],
    "source": SLIM.digest,
}


class TestInputs:
    PLAN = walk("keras", step("keras", "onnx"), step("onnx", "onnx"), BUILD, on_gpu=True)
    OUTPUTS = {0: ONNX, 1: SLIM, 2: ENGINE}  # noqa: RUF012 - nobody writes to it

    def at(self, position: int, route: int = 0, **more: Any) -> dict[str, Artifact]:
        outputs = {at: each for at, each in self.OUTPUTS.items() if at < position}
        given = {"source": KERAS, "outputs": outputs} | more
        plan = given.pop("plan", self.PLAN)
        return inputs_at(plan, Place(route, position), Materials(**given))

    def test_each_step_has_what_the_one_before_it_wrote(self) -> None:
        assert self.at(0) == {"source": KERAS}
        assert self.at(1) == {"source": ONNX}
        assert self.at(2) == {"source": SLIM}

    def test_an_inspection_and_a_verification_have_the_samples(self) -> None:
        assert self.at(0, INSPECTION, samples=SAMPLES) == {"source": KERAS, "samples": SAMPLES}
        assert self.at(0, samples=SAMPLES) == {"source": KERAS}
        assert list(self.at(3, samples=SAMPLES))[-1] == "samples"

    def test_an_engine_is_verified_with_the_onnx_that_it_was_built_from(self) -> None:
        ends = {"reference": KERAS, "candidate": ENGINE, "beside": SLIM}
        assert self.at(3) == ends | {"step-0": ONNX}
        direct = walk("onnx", BUILD, on_gpu=True)
        assert self.at(1, plan=direct, source=ONNX, outputs={0: ENGINE}) == {
            "reference": ONNX,
            "candidate": ENGINE,
        }

    def test_on_the_cpu_nothing_lies_beside(self) -> None:
        plan = walk("keras", step("keras", "onnx"), step("onnx", "savedmodel"))
        outputs = {0: ONNX, 1: artifact(5, "savedmodel")}
        assert set(self.at(2, plan=plan, outputs=outputs)) == {"reference", "candidate", "step-0"}

    def test_a_verification_has_what_lies_between_as_far_as_it_can_be_run(self) -> None:
        formats = ("onnx", "tensorrt", "safetensors", "elsewhere", "savedmodel")
        outputs = {at: artifact(at, each) for at, each in enumerate(formats)}
        edges = [step("keras", formats[0]), *(step(a, b) for a, b in pairwise(formats))]
        plan = walk("keras", *edges)
        given = self.at(5, plan=plan, outputs=outputs, samples=SAMPLES)
        assert list(given) == ["reference", "candidate", "step-0", "samples"]
        on_gpu = walk("keras", *edges, on_gpu=True)
        given = self.at(5, plan=on_gpu, outputs=outputs)
        assert list(given) == ["reference", "candidate", "beside", "step-1"]

    def test_what_lies_before_a_later_reference_is_of_no_use(self) -> None:
        plan = walk("keras", *(step("onnx", "onnx") for _ in range(4)))
        route = plan.routes[0]
        late = route.verify.model_copy(update={"after": 1}) if route.verify else None
        plan = plan.model_copy(update={"routes": (route.model_copy(update={"verify": late}),)})
        outputs = {at: artifact(at + 30, "onnx") for at in range(4)}
        assert self.at(4, plan=plan, outputs=outputs) == {
            "reference": outputs[1],
            "candidate": outputs[3],
            "step-2": outputs[2],
        }

    def test_a_verification_knows_the_converts_that_led_to_it(self) -> None:
        converts = self.PLAN.routes[0].converts
        assert route_at(self.PLAN, Place(0, 3)) == converts
        assert route_at(self.PLAN, Place(0, 2)) == route_at(self.PLAN, Place(INSPECTION, 0)) == ()

    def test_who_calibrates_or_traces_has_the_samples(self) -> None:
        calibrated = step("onnx", "onnx", samples=True)
        for first in (calibrated, step("torchscript", "onnx")):
            plan = walk(first.source, first)
            assert self.at(0, plan=plan, samples=SAMPLES) == {
                "source": KERAS,
                "samples": SAMPLES,
            }

    def test_further_models_go_into_the_last_convert(self) -> None:
        extras = tuple(artifact(n, "onnx") for n in range(20, 32))
        assert self.at(1, extras=extras) == {"source": ONNX}
        given = self.at(2, extras=extras)
        assert list(given.items())[1:] == [(f"extra-{n}", each) for n, each in enumerate(extras)]

    def test_a_check_has_what_is_to_be_built(self) -> None:
        check = Check(source="onnx", target="tensorrt", version=1, before=1, toolchain={})
        plan = walk("keras", step("keras", "onnx"), BUILD, on_gpu=True, check=check)
        assert [type(each).__name__ for each in plan.routes[0].actions] == [
            "Convert",
            "Check",
            "Convert",
            "Verify",
        ]
        assert self.at(1, plan=plan, samples=SAMPLES) == {"source": ONNX}
        outputs = {0: ONNX, 2: ENGINE}
        assert self.at(2, plan=plan, outputs={0: ONNX}) == {"source": ONNX}
        assert self.at(3, plan=plan, outputs=outputs)["beside"] == ONNX

    def test_they_can_be_put_back_in_order(self) -> None:
        extras = tuple(artifact(n, "onnx") for n in range(20, 32))
        for position in range(4):
            roles = list(self.at(position, samples=SAMPLES, extras=extras))
            shuffled = random.Random(position).sample(roles, len(roles))
            assert sorted(shuffled, key=order_of) == roles


class TestNeeds:
    VERIFY = Verify(reference="onnx", candidate="tensorrt", queue=Queue.GPU, toolchain={})

    def test_of_a_build_are_what_was_asked_for(self) -> None:
        assert needs_at(BUILD, []) == Needs(gpu="H100")
        assert needs_at(BUILD, [{"manifest": MANIFEST}]) == Needs(gpu="H100")

    def test_of_a_verification_are_the_gpu_that_built(self) -> None:
        reports = [{"size": 1}, {"manifest": MANIFEST}, {}]
        assert needs_at(self.VERIFY, reports) == exactly(H100)

    def test_of_an_engine_that_was_built_on_no_gpu_are_its_own(self) -> None:
        ahead = MANIFEST | {"format": "tensorrt-rtx", "gpu": None}
        least = self.VERIFY.model_copy(update={"needs": Needs(at_least="7.5")})
        assert needs_at(least, [{"manifest": ahead}]) == Needs(at_least="7.5")
        assert needs_at(self.VERIFY, []) == ANY

    def test_of_what_needs_no_gpu(self) -> None:
        check = Check(source="onnx", target="tensorrt", version=1, before=0, toolchain={})
        for action in (PLAN.inspect, check, VERIFY):
            assert needs_at(action, [{"manifest": MANIFEST}]) == ANY

    def test_a_manifest_that_is_none_is_refused(self) -> None:
        with pytest.raises(ValidationError):
            needs_at(self.VERIFY, [{"manifest": {"gpu": "some"}}])
