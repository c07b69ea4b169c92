"""Source packages that do their worst, in the isolated child that their code runs in."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shared.domain.orders import Input, WorkOrder
from shared.domain.outcomes import Limit, Outcome, Overran, Produced, Refused
from shared.domain.plans import Inspect
from tests.support.yard import until
from workers.hearth import Hearth
from workers.limits import Limits
from workers.runner import ChildRunner

LOG_LIMIT = 1 << 16
LIMITS = Limits(memory=2 << 30, disk=64 << 20, seconds=60)

GOOD = (
    "import os, subprocess, sys, time\nimport torch\nfrom torch import nn\n\n"
    "def build():\n    return nn.Linear(4, 3)\n\n"
    "def example_inputs():\n    return (torch.randn(2, 4),)\n"
)


@pytest.fixture(scope="module")
def hearth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    hearth = Hearth(tmp_path_factory.mktemp("warm"), preload=("torch",))
    hearth.light()
    yield hearth
    hearth.close()


@dataclass
class Ward:
    """Inspects a package as a worker does, and keeps what was heard of it."""

    hearth: Hearth
    folder: Path
    heard: list[object] = field(default_factory=list)

    def inspect(self, code: str, limits: Limits = LIMITS) -> Outcome:
        step = self.folder / "step"
        step.mkdir(mode=0o700)
        with zipfile.ZipFile(step / "source.zip", "w") as archive:
            archive.writestr("model.py", code)
        order = WorkOrder(
            action=Inspect(format="pytorch", options={}, toolchain={}),
            inputs={"source": Input(path="source.zip", format="pytorch")},
            output="output",
            tolerances={},
        )
        runner = ChildRunner(self.hearth, limits, log_limit=LOG_LIMIT)
        outcome, _ = runner.run(order, step, hear=self.heard.append, stop=lambda: False)
        return outcome

    def refused(self, code: str) -> str:
        outcome = self.inspect(code)
        assert isinstance(outcome, Refused), outcome
        assert outcome.fault.code == "invalid_model"
        return outcome.fault.detail


@pytest.fixture
def ward(hearth: Hearth, tmp_path: Path) -> Ward:
    return Ward(hearth, tmp_path)


def test_a_package_that_raises_is_told_its_line(ward: Ward) -> None:
    told = ward.refused(GOOD.replace("    return nn", "    raise ValueError('no luck')\n    #"))
    assert "build() in model.py raises (line 6): ValueError: no luck" in told


@pytest.mark.parametrize("leave", ["sys.exit(3)", "os._exit(3)", "raise KeyboardInterrupt"])
@pytest.mark.parametrize("where", ["import", "build"])
def test_one_that_asks_to_leave_is_told_so(ward: Ward, where: str, leave: str) -> None:
    code = f"{GOOD}\n{leave}\n" if where == "import" else GOOD.replace("return nn", f"{leave} #")
    told = ward.refused(code)
    assert "SystemExit" in told or "KeyboardInterrupt" in told
    assert f"line {11 if where == 'import' else 6}" in told


@pytest.mark.parametrize("line", ["print('x' * (1 << 20))", "os.write(1, b'x' * (1 << 20))"])
def test_a_gigabyte_of_words_ends_well_and_is_not_kept(ward: Ward, line: str) -> None:
    outcome = ward.inspect(f"{GOOD}\nfor _ in range(1024):\n    {line}\n")
    assert isinstance(outcome, Produced), outcome
    assert sum(len(str(each)) for each in ward.heard) < 4 * LOG_LIMIT


@pytest.mark.parametrize("forever", ["while True: pass", "time.sleep(900)"])
def test_one_that_never_returns_is_stopped(ward: Ward, forever: str) -> None:
    code = GOOD.replace("return nn", f"\n    {forever}\n    #")
    outcome = ward.inspect(code, Limits(memory=2 << 30, disk=64 << 20, seconds=3))
    assert isinstance(outcome, Overran), outcome
    assert outcome.limit is Limit.TIME
    assert outcome.fault.code == "deadline_exceeded"


def test_what_it_spawned_ends_with_it(ward: Ward) -> None:
    mark = ward.folder / "pid"
    spawn = "process = subprocess.Popen(['sleep', '600'], start_new_session=True)"
    tell = f"print(process.pid, file=open({str(mark)!r}, 'w'), flush=True)"
    outcome = ward.inspect(f"{GOOD}\n{spawn}\n{tell}\n")
    assert isinstance(outcome, Produced), outcome
    until(lambda: not Path(f"/proc/{mark.read_text().strip()}").exists(), 30)


def test_a_process_of_its_own_may_leave(ward: Ward) -> None:
    fork = "pid = os.fork()\nif not pid:\n    os._exit(5)\nassert os.waitpid(pid, 0)[1] == 5 << 8"
    assert isinstance(ward.inspect(f"{GOOD}\n{fork}\n"), Produced)


def test_it_may_go_where_it_likes(ward: Ward) -> None:
    outcome = ward.inspect(GOOD.replace("return nn", "os.chdir('/')\n    return nn"))
    assert isinstance(outcome, Produced), outcome
    assert outcome.report["parameters"] == 15


def test_threads_that_never_end_do_not_keep_it(ward: Ward) -> None:
    thread = "import threading\nthreading.Thread(target=lambda: time.sleep(900)).start()"
    assert isinstance(ward.inspect(f"{GOOD}\n{thread}\n"), Produced)
