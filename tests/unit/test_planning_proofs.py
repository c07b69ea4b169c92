"""Plans: what is asked before a build, and who runs the result."""

from typing import Any

import pytest

from shared.domain.errors import InvalidOptions, NoRoute
from shared.domain.gpus import Needs
from shared.domain.offers import (
    CheckerOffer,
    Queue,
)
from shared.domain.plans import Plan
from shared.domain.rosters import Member, Roster
from shared.domain.targets import Target
from shared.services.planning import known_routes, plan
from shared.services.preflight import plan_check
from tests.support.gpus import H100, L4
from tests.support.plans import BUILD, CHECKS_RTX, RTX, T4, cpu, gpu, planned, runtimes
from tests.support.queue import FIRST, edge, offer

CUT = edge(
    "cut", "onnx", "onnx", asked_by="outputs", asked_for=None, properties={"outputs": {}}, turn=-1
)
FIX = edge("fix", "onnx", "onnx", asked_by="dims", asked_for=None, properties={"dims": {}})


class TestChecks:
    def test_one_comes_right_before_the_build(self) -> None:
        made = planned({"simplify": True}, cpu(checkers=(CHECKS_RTX,)), target="tensorrt-rtx")
        kinds = [each.title for each in made.routes[0].actions if each.kind != "verify"]
        assert kinds == [
            "convert first",
            "convert slim",
            "check onnx for tensorrt-rtx",
            "convert onnx-to-tensorrt-rtx",
        ]
        check = made.routes[0].check
        assert check is not None
        assert (check.binding, check.version, check.toolchain) == (True, 3, {"rtx": "1"})

    def test_none_where_nobody_on_line_has_it(self) -> None:
        here = Member(cpu(), online=True)
        gone = Member(offer("gone", checkers=(CHECKS_RTX,)), online=False)
        made = plan("keras", Target(format="tensorrt-rtx"), Roster((here, gone)))
        assert made.routes[0].check is None

    def test_asked_for_alone_it_is_the_end(self) -> None:
        roster = Roster((Member(cpu(checkers=(CHECKS_RTX,)), online=True),))
        target = Target(format="tensorrt-rtx", options={"precision": "fp16"})
        made = plan_check("keras", target, roster)
        (route,) = made.routes
        assert made.purpose == "check"
        assert [each.title for each in route.actions] == [
            "convert first",
            "convert onnx-to-fp16",
            "check onnx for tensorrt-rtx",
        ]
        assert route.check is not None
        assert not route.check.binding
        assert (route.verify, bool(route.unverified)) == (None, True)

    def test_nobody_needs_to_be_able_to_build_it(self) -> None:
        checks = CheckerOffer(source="onnx", target="tensorrt", version=1)
        roster = Roster((Member(cpu(FIRST, checkers=(checks,), known=(BUILD,)), online=True),))
        made = plan_check("onnx", Target(format="tensorrt"), roster)
        assert [each.title for each in made.routes[0].actions] == ["check onnx for tensorrt"]

    def test_routes_that_differ_behind_the_check_are_one(self) -> None:
        twice = edge("other-rtx", "onnx", "tensorrt-rtx", properties={})
        roster = Roster((Member(cpu(FIRST, RTX, twice, checkers=(CHECKS_RTX,)), online=True),))
        assert len(plan("keras", Target(format="tensorrt-rtx"), roster).routes) == 2
        assert len(plan_check("keras", Target(format="tensorrt-rtx"), roster).routes) == 1

    def test_one_that_only_tells_is_no_part_of_ordinary_jobs(self) -> None:
        tells = CHECKS_RTX.model_copy(update={"binding": False})
        roster = Roster((Member(cpu(checkers=(tells,)), online=True),))
        target = Target(format="tensorrt-rtx")
        assert plan("keras", target, roster).routes[0].check is None
        assert plan_check("keras", target, roster).routes[0].check is not None

    def test_routes_behind_one_that_nobody_can_tell_of_are_not_asked(self) -> None:
        direct = edge("keras-to-rtx", "keras", "tensorrt-rtx", properties={})
        roster = Roster((Member(cpu(FIRST, RTX, direct, checkers=(CHECKS_RTX,)), online=True),))
        assert len(plan("keras", Target(format="tensorrt-rtx"), roster).routes) == 2
        with pytest.raises(NoRoute, match="can be checked from there: none"):
            plan_check("keras", Target(format="tensorrt-rtx"), roster)

    def test_what_can_be_checked_is_said(self) -> None:
        roster = Roster((Member(cpu(checkers=(CHECKS_RTX,)), online=True),))
        with pytest.raises(NoRoute, match="can be checked from there: tensorrt-rtx"):
            plan_check("keras", Target(format="onnx"), roster)
        with pytest.raises(NoRoute, match="can be checked from there: none"):
            plan_check("keras", Target(format="onnx"), Roster((Member(cpu(), online=True),)))


class TestKnown:
    """Converters that no worker has offered yet, and some have heard of."""

    def test_a_job_waits_for_them_where_there_is_no_other_way(self) -> None:
        made = planned({"gpu": "H200"}, cpu(FIRST, known=(BUILD,)), target="tensorrt")
        (route,) = made.routes
        assert [each.converter for each in route.converts] == ["first", "onnx-to-tensorrt"]
        assert route.converts[-1].needs == Needs(gpu="H200")
        assert route.proves, "who comes to build it can run it"

    def test_not_where_there_is_another(self) -> None:
        short = edge("onnx-to-triton", "onnx", "triton", properties={})
        long = edge("tensorrt-to-triton", "tensorrt", "triton", properties={})
        made = planned({}, cpu(FIRST, short, long, known=(BUILD,)), target="triton")
        assert [route.name for route in made.routes] == ["first → onnx-to-triton"]
        wished = planned({"gpu": "H200"}, cpu(FIRST, short, long, known=(BUILD,)), target="triton")
        assert [route.name for route in wished.routes] == [
            "first → onnx-to-tensorrt → tensorrt-to-triton"
        ]

    def test_one_that_is_offered_is_not_merely_known(self) -> None:
        heard = BUILD.model_copy(update={"toolchain": {}, "version": 9})
        roster = Roster(
            (
                Member(cpu(FIRST, known=(heard,)), online=True),
                Member(gpu(H100), online=False),
            )
        )
        assert roster.known == {}
        assert roster.converters[BUILD.name] == BUILD

    def test_their_options_are_checked_and_shown(self) -> None:
        with pytest.raises(InvalidOptions, match="optimisation"):
            planned({"optimisation": 5}, cpu(FIRST, known=(BUILD,)), target="tensorrt")
        roster = Roster((Member(cpu(FIRST, known=(BUILD,)), online=True),))
        assert BUILD in roster.every_version
        shown = {view.target: view for view in known_routes(roster, "keras", None)}
        assert not shown["tensorrt"].online


class TestProofs:
    def verify(self, made: Plan) -> Any:
        return made.routes[0].verify

    def test_an_engine_that_nobody_on_line_runs_is_not_proved(self) -> None:
        made = planned({}, target="tensorrt-rtx")
        assert not made.routes[0].proves
        assert "TensorRT-RTX engines is on line" in str(made.routes[0].unverified)

    def test_one_that_a_gpu_worker_runs_is(self) -> None:
        runs = gpu(H100, formats=("keras", "onnx", "tensorrt-rtx"))
        made = planned({}, cpu(), runs, target="tensorrt-rtx")
        assert made.routes[0].proves
        assert self.verify(made).queue is Queue.GPU
        assert made.routes[0].unverified is None

    def test_not_if_that_worker_is_gone(self) -> None:
        runs = Member(gpu(H100, formats=("keras", "onnx", "tensorrt-rtx")), online=False)
        roster = Roster((Member(cpu(), online=True), runs))
        assert not plan("keras", Target(format="tensorrt-rtx"), roster).routes[0].proves

    def test_not_if_it_cannot_run_the_source(self) -> None:
        made = planned(
            {}, cpu(), gpu(H100, formats=("onnx", "tensorrt-rtx")), target="tensorrt-rtx"
        )
        assert not made.routes[0].proves
        assert "both keras and TensorRT-RTX engines" in str(made.routes[0].unverified)

    def test_not_if_its_gpu_does_not_compute_in_the_precision(self) -> None:
        runs = gpu(T4, formats=("keras", "onnx", "tensorrt-rtx"))
        asked = {"precision": "bf16"}
        made = planned(asked, cpu(), runs, target="tensorrt-rtx")
        assert not made.routes[0].proves
        assert "other GPUs" in str(made.routes[0].unverified)

    def test_a_tied_engine_is_proved_on_every_kind_that_may_build_it(self) -> None:
        made = planned({}, cpu(), gpu(H100), target="tensorrt")
        assert made.routes[0].proves
        blind = offer(
            "blind", BUILD, queues=(Queue.GPU,), gpus=(L4,), runtimes=runtimes("onnx", "tensorrt")
        )
        assert not planned({}, cpu(), gpu(H100), blind, target="tensorrt").routes[0].proves
        both = planned({"gpu": "H100"}, cpu(), gpu(H100), blind, target="tensorrt")
        assert both.routes[0].proves

    def test_a_tied_engine_that_waits_for_its_builder_is_proved_by_it(self) -> None:
        away = Member(gpu(H100), online=False)
        roster = Roster((Member(cpu(), online=True), away))
        assert plan("keras", Target(format="tensorrt"), roster).routes[0].proves

    def test_the_precision_goes_to_the_verification(self) -> None:
        made = planned({"precision": "fp16"})
        assert self.verify(made).options == {"precision": "fp16"}

    def test_other_floats_at_the_ends_are_told_to_the_verification(self) -> None:
        made = planned({"precision": "fp16", "keep_io": False})
        assert self.verify(made).options == {"precision": "fp16", "keep_io": False}

    def test_an_earlier_end_is_proved_against_a_source_that_has_it(self) -> None:
        asked = {"outputs": ["relu"], "dims": {"batch": 1}}
        made = planned(asked, cpu(FIRST, CUT, FIX), source="onnx")
        assert [each.converter for each in made.routes[0].converts] == ["cut", "fix"]
        assert made.routes[0].proves
        assert self.verify(made).options == asked

    def test_of_another_source_the_model_before_the_cut_is_proved(self) -> None:
        (route,) = planned({"outputs": ["relu"]}, cpu(FIRST, CUT)).routes
        assert [each.title for each in route.actions] == [
            "convert first",
            "verify onnx against keras",
            "convert cut",
        ]
        assert not route.proves
        assert "which the source does not give" in str(route.unverified)

    def test_what_runs_on_no_worker_ever_is_told_so(self) -> None:
        ship = edge("ship", "keras", "coreml", properties={})
        (route,) = planned({}, cpu(ship), target="coreml").routes
        assert route.verify is None
        assert "Apple's systems only" in str(route.unverified)

    def test_why_nothing_ran_a_result_is_always_said(self) -> None:
        for target in ("triton", "tensorrt-rtx", "tensorrt"):
            for route in planned({}, target=target).routes:
                assert route.proves or route.unverified


def test_known_routes_do_not_claim_a_proof_that_needs_a_gpu() -> None:
    roster = Roster((Member(cpu(), online=True),))
    shown = {view.target: view for view in known_routes(roster, "keras", None)}
    assert shown["onnx"].verified
    assert not shown["tensorrt-rtx"].verified
    assert not shown["tensorrt"].verified
