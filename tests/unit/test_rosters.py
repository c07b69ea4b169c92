"""What can be asked of all workers together."""

from typing import Any

import pytest

from shared.domain.gpus import GIB, Gpu, Needs
from shared.domain.offers import CheckerOffer, ConverterOffer, Fidelity, Offer, Queue, RuntimeOffer
from shared.domain.plans import Check, Convert, Inspect, Verify
from shared.domain.rosters import Member, Roster, toolchain

ONNX = RuntimeOffer(format="onnx", toolchain={"onnx": "1", "numpy": "2"})
ENGINE = RuntimeOffer(format="tensorrt", queue=Queue.GPU, toolchain={"tensorrt": "11"})
BOTH = (Queue.CPU, Queue.GPU)


def gpu(name: str, capability: str = "9.0") -> Gpu:
    return Gpu(
        uuid=f"GPU-{name}", name=name, compute_capability=capability, memory=GIB, driver="1"
    )


H100, L4 = gpu("NVIDIA H100"), gpu("NVIDIA L4", "8.9")


def edge(version: int = 1, queue: Queue = Queue.GPU, **tools: str) -> ConverterOffer:
    return ConverterOffer(
        name="build",
        version=version,
        source="onnx",
        target="tensorrt",
        summary="",
        options={},
        fidelity=Fidelity.CLOSE,
        queue=queue,
        toolchain=tools,
    )


def checker(version: int, **tools: str) -> CheckerOffer:
    return CheckerOffer(source="onnx", target="tensorrt", version=version, toolchain=tools)


def offer(worker: str, **more: Any) -> Offer:
    given = {"queues": BOTH, "slots": 1, "memory": 1, "converters": (), "runtimes": ()}
    return Offer(worker=worker, host="h", **(given | more))


def roster(*offers: Offer, gone: tuple[Offer, ...] = ()) -> Roster:
    there = [Member(each, online=True) for each in offers]
    return Roster((*there, *(Member(each, online=False) for each in gone)))


BUILD = Convert(
    converter="build",
    version=1,
    source="onnx",
    target="tensorrt",
    options={},
    queue=Queue.GPU,
    toolchain={"planned": "0"},
)
CHECK = Check(source="onnx", target="tensorrt", version=2, before=0, toolchain={"planned": "0"})
VERIFY = Verify(reference="onnx", candidate="tensorrt", queue=Queue.GPU, toolchain={})


class TestGpus:
    def test_those_on_line_are_there(self) -> None:
        made = roster(offer("a", gpus=(H100,)), offer("b"), gone=(offer("c", gpus=(L4,)),))
        assert made.gpus == (H100,)

    def test_one_on_line_comes_before_any_other(self) -> None:
        made = roster(offer("a", gpus=(H100,)), gone=(offer("c", gpus=(L4,)),))
        assert made.gpu_for(BUILD) == H100
        wants_l4 = BUILD.model_copy(update={"needs": Needs(gpu="L4")})
        assert made.gpu_for(wants_l4) == L4
        assert made.gpu_for(BUILD.model_copy(update={"needs": Needs(gpu="H200")})) is None
        assert made.gpu_for(CHECK) == H100


class TestCapabilities:
    @pytest.mark.parametrize(
        ("queues", "able"),
        [
            (
                BOTH,
                {
                    "inspect:onnx",
                    "inspect:tensorrt",
                    "convert:build@1",
                    "check:onnx:tensorrt@2",
                    "verify:onnx:onnx",
                    "verify:onnx:tensorrt",
                    "verify:tensorrt:onnx",
                    "verify:tensorrt:tensorrt",
                },
            ),
            (
                (Queue.GPU,),
                {
                    "inspect:tensorrt",
                    "convert:build@1",
                    "verify:onnx:tensorrt",
                    "verify:tensorrt:onnx",
                    "verify:tensorrt:tensorrt",
                },
            ),
            (
                (Queue.CPU,),
                {
                    "inspect:onnx",
                    "inspect:tensorrt",
                    "check:onnx:tensorrt@2",
                    "verify:onnx:onnx",
                },
            ),
            ((), set()),
        ],
    )
    def test_are_those_of_the_queues_that_a_worker_serves(
        self, queues: tuple[Queue, ...], able: set[str]
    ) -> None:
        one = offer(
            "a",
            queues=queues,
            converters=(edge(),),
            checkers=(checker(2),),
            runtimes=(ONNX, ENGINE),
        )
        assert set(one.capabilities) == able
        assert roster(one).online == able
        assert roster(gone=(one,)).online == frozenset()


class TestRuntimes:
    def test_together_they_are_run_where_all_can_be(self) -> None:
        made = roster(offer("a", runtimes=(ONNX,)), offer("b", runtimes=(ONNX, ENGINE)))
        assert made.runtimes("onnx") == (ONNX.toolchain, Queue.CPU)
        both = ({"onnx": "1", "numpy": "2", "tensorrt": "11"}, Queue.GPU)
        assert made.runtimes("onnx", "tensorrt") == both
        assert made.runtimes("onnx", "keras") is None

    def test_those_that_left_count_where_they_may(self) -> None:
        made = roster(offer("a"), gone=(offer("b", runtimes=(ENGINE,)),))
        assert made.runtimes("tensorrt") == (ENGINE.toolchain, Queue.GPU)
        assert made.runtimes("tensorrt", online=True) is None


class TestCheckers:
    def test_the_newest_on_line_is_asked(self) -> None:
        old, new = offer("a", checkers=(checker(1),)), offer("b", checkers=(checker(2),))
        newest = offer("c", checkers=(checker(3),))
        found = roster(old, new, gone=(newest,)).checker("onnx", "tensorrt")
        assert found is not None
        assert found.version == 2
        gone = roster(gone=(old, newest)).checker("onnx", "tensorrt")
        assert gone is not None
        assert gone.version == 3
        assert roster(old).checker("onnx", "tensorrt-rtx") is None


class TestToolchain:
    """What a result is kept under: the packages that the worker has, not those of the plan."""

    def test_is_the_workers_own(self) -> None:
        one = offer(
            "a",
            converters=(edge(tensorrt="11"),),
            checkers=(checker(1, parser="1"), checker(2, parser="2")),
            runtimes=(ONNX, ENGINE),
        )
        assert toolchain(BUILD, one) == {"tensorrt": "11"}
        assert toolchain(CHECK, one) == {"parser": "2"}
        assert toolchain(VERIFY, one) == ENGINE.toolchain | ONNX.toolchain
        assert toolchain(Inspect(format="onnx", toolchain={}), one) == ONNX.toolchain

    def test_is_the_plans_where_the_worker_does_not_say(self) -> None:
        bare = offer("a")
        assert toolchain(BUILD, bare) == {"planned": "0"}
        assert toolchain(CHECK, bare) == {"planned": "0"}
        assert toolchain(VERIFY, bare) == {}
