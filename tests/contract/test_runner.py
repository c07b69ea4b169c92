"""The runner against children that do their worst, with the real fork server between."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.domain.gpus import Gpu
from shared.domain.orders import Input, ProgressNote, WorkOrder
from shared.domain.outcomes import (
    Broke,
    Disagreed,
    Limit,
    Outcome,
    Overran,
    Produced,
    Refused,
    Stopped,
)
from shared.domain.plans import Convert, Verify
from shared.ports import Usage
from workers.hearth import Hearth
from workers.limits import Limits
from workers.processes import descendants
from workers.runner import ChildRunner

MISBEHAVING = Path(__file__).parents[1] / "misbehaving"
LOG_LIMIT = 1 << 16
GPU = Gpu(
    uuid="GPU-9bd1", name="NVIDIA H100", compute_capability="9.0", memory=1 << 36, driver="580"
)
LIMITS = Limits(memory=256 << 20, disk=64 << 20, seconds=20)


@pytest.fixture(scope="module")
def hearth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    os.environ["MODELFERRY_DATABASE_URL"] = "postgresql://u:secret@nowhere/x"
    os.environ["AWS_SECRET_ACCESS_KEY"] = "secret"
    scratch = tmp_path_factory.mktemp("warm")
    others = set(descendants(os.getpid()))
    hearth = Hearth(scratch, entry="misbehaving", preload=("numpy",), path=(MISBEHAVING,))
    hearth.light()
    yield hearth
    hearth.close()
    del os.environ["MODELFERRY_DATABASE_URL"], os.environ["AWS_SECRET_ACCESS_KEY"]
    assert set(descendants(os.getpid())) <= others


class Stage:
    """One folder, one order, and what was heard."""

    def __init__(self, hearth: Hearth, folder: Path) -> None:
        self.hearth = hearth
        self.folder = folder
        self.heard: list[ProgressNote | str] = []
        self.usage = Usage(0, 0)

    def play(
        self,
        trick: str,
        *,
        limits: Limits = LIMITS,
        stop: Any = lambda: False,
        environment: dict[str, str] | None = None,
        gpu: Gpu | None = None,
        grace: float = 0.0,
        verifies: bool = False,
        **options: Any,
    ) -> Outcome:
        told = {"trick": trick, **options}
        verify = Verify(reference="keras", candidate="onnx", options=told, toolchain={})
        order = WorkOrder(
            action=verify
            if verifies
            else Convert(
                converter="trick",
                version=1,
                source="keras",
                target="onnx",
                options=told,
                toolchain={},
            ),
            inputs={"source": Input(path="source.keras", format="keras")},
            output="output.onnx",
            tolerances={},
            gpu=gpu,
        )
        runner = ChildRunner(
            self.hearth,
            limits,
            log_limit=LOG_LIMIT,
            environment=lambda _: environment or {},
            grace=lambda _: grace,
        )
        outcome, self.usage = runner.run(order, self.folder, hear=self.heard.append, stop=stop)
        return outcome

    @property
    def lines(self) -> list[str]:
        return [each for each in self.heard if isinstance(each, str)]


@pytest.fixture
def stage(hearth: Hearth, tmp_path: Path) -> Iterator[Stage]:
    folder = tmp_path / "step"
    folder.mkdir(mode=0o700)
    (folder / "source.keras").write_bytes(b"x" * 1000)
    yield Stage(hearth, folder)
    kin = [pid for pid in descendants(os.getpid()) if str(folder) in _cwd(pid)]
    assert not kin, "a step left processes behind"


def _cwd(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except FileNotFoundError:
        return ""


def _crashed(outcome: Outcome, *words: str) -> None:
    assert isinstance(outcome, Broke), outcome
    assert outcome.fault.code == "crashed"
    assert outcome.fault.band == "ours"
    for word in words:
        assert word in outcome.fault.detail


def test_a_child_that_behaves(stage: Stage) -> None:
    outcome = stage.play("behave")
    assert outcome == Produced(artifact=None, report={"largest": None, "name": "a\ufffdb"})
    assert ProgressNote(message="half way", progress=0.5) in stage.heard
    assert stage.lines == ["hello", "no line end"]
    assert stage.usage.seconds > 0


def test_a_fork_is_quick(stage: Stage) -> None:
    stage.play("behave")
    assert stage.usage.seconds < 1


@pytest.mark.parametrize("then", ["crash", "leave", "leak", "outrun"])
def test_a_disagreement_outlives_a_child_that_dies_while_it_looks_for_the_reason(
    stage: Stage, then: str
) -> None:
    outcome = stage.play("disagree", verifies=True, then=then)
    assert isinstance(outcome, Disagreed), outcome
    assert outcome.fault.detail == "They differ."
    assert outcome.report == {"verified": False}


def test_a_disagreement_outlives_the_deadline(stage: Stage) -> None:
    late = replace(LIMITS, seconds=1)
    assert isinstance(stage.play("disagree", verifies=True, then="hang", limits=late), Disagreed)


def test_a_disagreement_of_what_verifies_nothing_is_none(stage: Stage) -> None:
    late = replace(LIMITS, seconds=1)
    assert isinstance(stage.play("disagree", then="hang", limits=late), Overran)


def test_a_disagreement_does_not_outlive_its_job(stage: Stage) -> None:
    def told() -> bool:
        return "hanging" in stage.lines

    assert isinstance(stage.play("disagree", verifies=True, then="hang", stop=told), Stopped)


@pytest.mark.parametrize("fresh", [False, True])
def test_the_environment_is_clean(stage: Stage, *, fresh: bool) -> None:
    given = {"KERAS_BACKEND": "torch"} if fresh else {}
    outcome = stage.play("tell_environment", environment=given)
    assert isinstance(outcome, Produced), stage.lines
    text = "\n".join(stage.lines)
    assert "secret" not in text
    assert "MODELFERRY_" not in text
    assert "AWS_" not in text
    assert f"HOME={stage.folder}" in text
    assert f"runs {stage.folder} 0o77 True" in text
    assert ("KERAS_BACKEND=torch" in stage.lines[0]) is fresh


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("gpu", [None, GPU])
def test_a_child_sees_its_own_gpu_or_none(stage: Stage, gpu: Gpu | None, *, fresh: bool) -> None:
    given = {"KERAS_BACKEND": "torch"} if fresh else {}
    assert isinstance(stage.play("tell_environment", gpu=gpu, environment=given), Produced)
    has = next(line for line in stage.lines if line.startswith("has ")).split(" ")
    assert f"CUDA_VISIBLE_DEVICES={gpu.uuid if gpu else ''}" in has


def test_only_what_has_to_be_is_no_fork(stage: Stage) -> None:
    assert isinstance(stage.play("tell_environment", gpu=GPU), Produced)
    assert "CUDA_VISIBLE_DEVICES" not in stage.lines[0], "it was there before the first import"


def test_a_step_with_a_gpu_may_reserve_more_than_it_may_use(stage: Stage) -> None:
    assert isinstance(stage.play("reserve", gpu=GPU), Produced)


def test_the_memory_of_a_step_with_a_gpu_is_watched(stage: Stage) -> None:
    outcome = stage.play("leak", gpu=GPU)
    assert isinstance(outcome, Overran)
    assert outcome.limit is Limit.MEMORY


def test_a_step_without_a_gpu_may_not(stage: Stage) -> None:
    outcome = stage.play("reserve")
    assert isinstance(outcome, Overran)
    assert outcome.limit is Limit.MEMORY


def test_a_crash_is_named_with_its_last_words(stage: Stage) -> None:
    _crashed(stage.play("crash"), "SIGSEGV", "here it comes")


def test_an_exit_without_a_result(stage: Stage) -> None:
    _crashed(stage.play("leave"), "status 7")


def test_a_hanging_child_runs_into_its_deadline(stage: Stage) -> None:
    limits = Limits(memory=LIMITS.memory, disk=LIMITS.disk, seconds=1)
    started = time.monotonic()
    outcome = stage.play("hang", limits=limits)
    assert isinstance(outcome, Overran)
    assert outcome.limit is Limit.TIME
    assert outcome.fault.code == "deadline_exceeded"
    assert time.monotonic() - started < 3


def test_a_hanging_child_is_stopped_at_once(stage: Stage) -> None:
    asked: list[float] = []

    def stop() -> bool:
        if "hanging" in stage.lines:
            asked.append(time.monotonic())
        return bool(asked)

    assert stage.play("hang", stop=stop) == Stopped()
    assert time.monotonic() - asked[0] < 1


def test_a_child_that_listens_ends_by_itself(stage: Stage) -> None:
    outcome = stage.play("listen", grace=60, stop=lambda: "listening" in stage.lines)
    assert outcome == Stopped()
    assert "I was told to stop" in stage.lines
    assert stage.usage.seconds < 30


@pytest.mark.parametrize("trick", ["hang", "block_the_word"])
def test_a_child_that_does_not_listen_is_killed_after_its_grace(stage: Stage, trick: str) -> None:
    assert stage.play(trick, grace=1, stop=lambda: "hanging" in stage.lines) == Stopped()
    assert stage.usage.seconds < 20, "its deadline had to end it"


def test_a_child_in_its_grace_keeps_its_limits(stage: Stage) -> None:
    outcome = stage.play("leak_when_told", grace=60, stop=lambda: "listening" in stage.lines)
    assert outcome == Stopped()
    assert stage.usage.seconds < 30


def test_the_word_to_stop_is_not_written_elsewhere(stage: Stage, tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    outcome = stage.play(
        "lead_astray", grace=60, to=str(treasure), stop=lambda: "hanging" in stage.lines
    )
    assert outcome == Stopped()
    assert not treasure.exists()


def test_a_stop_before_birth(hearth: Hearth, stage: Stage) -> None:
    assert stage.play("hang", stop=lambda: True) == Stopped()


@pytest.mark.parametrize("trick", ["breed", "spawn"])
def test_no_grandchild_outlives_its_step(stage: Stage, trick: str) -> None:
    assert isinstance(stage.play(trick), Produced)
    for file in stage.folder.glob("pid-*"):
        assert not Path(f"/proc/{file.name.removeprefix('pid-')}").exists()


def test_no_grandchild_outlives_a_stop(stage: Stage) -> None:
    assert stage.play("breed", stay=True, stop=lambda: "bred" in stage.lines) == Stopped()
    pids = [file.name.removeprefix("pid-") for file in stage.folder.glob("pid-*")]
    assert len(pids) == 3
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.parametrize("trick", ["leak", "leak_in_kin", "raise_memory_error", "outrun"])
def test_too_much_memory(stage: Stage, trick: str) -> None:
    outcome = stage.play(trick)
    assert isinstance(outcome, Overran), outcome
    assert outcome.limit is Limit.MEMORY
    assert outcome.fault.code == "memory_exceeded"


def test_memory_in_use_is_measured(stage: Stage) -> None:
    stage.play("leak")
    assert LIMITS.memory * 0.9 < stage.usage.peak_memory < LIMITS.memory * 1.5


def test_a_child_that_reports_a_lack_of_memory(stage: Stage) -> None:
    outcome = stage.play("report_memory_error")
    assert isinstance(outcome, Overran)
    assert outcome.limit is Limit.MEMORY


@pytest.mark.parametrize("trick", ["fill", "huge_file"])
def test_too_much_disk(stage: Stage, trick: str) -> None:
    outcome = stage.play(trick)
    assert isinstance(outcome, Overran), outcome
    assert outcome.limit is Limit.OUTPUT
    assert outcome.fault.code == "output_exceeded"


def test_a_flood_of_lines_is_cut(stage: Stage) -> None:
    assert isinstance(stage.play("flood"), Produced)
    assert sum(len(line) + 1 for line in stage.lines[:-1]) <= LOG_LIMIT
    assert "cut here" in stage.lines[-1]


def test_a_flood_without_line_ends_or_sense(stage: Stage) -> None:
    assert isinstance(stage.play("flood_without_lines"), Produced)
    assert all(len(line) <= 4096 and "\0" not in line for line in stage.lines)
    assert "no note at all" in stage.lines
    assert ProgressNote(message="m") in stage.heard


@pytest.mark.parametrize(
    "trick",
    [
        "garbage",
        "huge_result",
        "pipe_result",
        "linked_result",
        "linked_output",
        "no_output",
        "wrong_answer",
        "invented_code",
    ],
)
def test_a_result_that_cannot_be_believed(stage: Stage, trick: str) -> None:
    _crashed(stage.play(trick))


def test_a_refusal_keeps_its_facts_and_gets_its_own_band(stage: Stage) -> None:
    outcome = stage.play("refuse")
    assert isinstance(outcome, Refused)
    assert outcome.fault.model_dump(exclude_none=True) == {
        "code": "unsupported_operator",
        "band": "yours",
        "detail": "Erfc\ufffd",
        "node": "n1",
    }


def test_a_child_that_kills_its_keeper_goes_with_it(stage: Stage) -> None:
    _crashed(stage.play("kill_keeper"), "killed")
    time.sleep(0.1)


def test_a_fork_server_that_dies_is_replaced(stage: Stage) -> None:
    servers = [pid for pid in descendants(os.getpid()) if _is_warm(pid)]
    os.kill(servers[0], 9)
    deadline = time.monotonic() + 15
    while not isinstance(outcome := stage.play("behave"), Produced):
        _crashed(outcome)
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _is_warm(pid: int) -> bool:
    """Ours: a service of other tests may have one, too."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    return b"workers.warm" in command and b"misbehaving" in command
