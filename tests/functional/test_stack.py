"""The supervisor: what it starts it stops, however it ends itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.resnet18 import write_pt2
from modelferry import Modelferry
from modelferry.embedded.ports import LOOPBACK
from modelferry.embedded.program import ROOT
from modelferry.embedded.service import Service
from tests.support.files import onnx_model

PARTS = ("postgres", "valkey", "api", "worker", "sweeper")
STOP = 10  # seconds that everything may take to stop; promised to users
COME_BACK = 60  # a bound against hanging
NOWHERE = {
    "MODELFERRY_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "MODELFERRY_BROKER_URL": "redis://127.0.0.1:1/0",
}


@pytest.fixture(scope="module")
def _stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("stack") / "home", os.environ)
    yield service
    service.stop()


@pytest.fixture
def stack(_stack: Service) -> Service:
    """A running service on a home of this file's own; a test may end it."""
    if _stack.pid is None:
        _stack.start()
    return _stack


def of(service: Service) -> list[psutil.Process]:
    """All processes of a running service, children of its worker included."""
    assert service.pid
    supervisor = psutil.Process(service.pid)
    family = [supervisor, *supervisor.children(recursive=True)]
    assert {service.part(name) for name in PARTS} < {each.pid for each in family}
    return family


def survivors(family: list[psutil.Process], home: Path) -> list[psutil.Process]:
    """Those that live on, and any other process that has to do with the folder."""
    return [each for each in psutil.process_iter() if lives(each, family, home)]


def lives(process: psutil.Process, family: list[psutil.Process], home: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:  # dead; whoever adopted it has not looked
            return False
        marks = [process.cwd(), *process.cmdline(), process.environ().get("MODELFERRY_HOME", "")]
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # another user's
        return process in family
    return process in family or any(str(home) in mark for mark in marks)


def eventually_none(family: list[psutil.Process], home: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while left := survivors(family, home):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def refused(home: Path, env: dict[str, str]) -> str:
    """What a supervisor says that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "modelferry", "up"],
        cwd=ROOT,
        env={**os.environ, "MODELFERRY_API_PORT": "0", **env, "MODELFERRY_HOME": str(home)},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def test_one_line_tells_of_each_part(stack: Service) -> None:
    lines = stack.said().splitlines()
    assert all(any(line.startswith(f"{name} ") for line in lines) for name in PARTS)
    assert stack.url in stack.said()
    assert " convert " in stack.said()


def test_a_second_supervisor_is_refused(stack: Service) -> None:
    assert f"process {stack.pid} runs a service on" in refused(stack.home, {})


def test_what_it_keeps_is_private(stack: Service) -> None:
    assert stack.home.stat().st_mode & 0o077 == 0
    assert (stack.home / "running.json").stat().st_mode & 0o077 == 0
    assert (stack.home / "postgres" / "password").stat().st_mode & 0o077 == 0


def test_a_part_that_dies_is_named_and_started_again(stack: Service) -> None:
    for name in ("sweeper", "valkey"):
        pid = stack.part(name)
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + COME_BACK
        while f"{name} is back" not in stack.said():
            assert time.monotonic() < deadline, stack.said()
            time.sleep(0.05)
        assert stack.part(name) != pid
        assert f"{name} ended with status -9" in stack.said()


def test_kill_9_during_a_step_leaves_nothing_behind_and_the_job_ends_after_the_next_start(
    stack: Service, tmp_path: Path
) -> None:
    model = tmp_path / "resnet.pt2"
    write_pt2(model, seed=4)  # its conversion takes seconds
    with Modelferry(stack.url) as ferry:
        job = ferry.submit(ferry.upload(model), "onnx")
        for view in job.watch(timeout=COME_BACK):
            if any(step.kind == "convert" and step.state == "running" for step in view.steps):
                break
    family = of(stack)
    assert stack.pid
    os.kill(stack.pid, signal.SIGKILL)
    eventually_none(family, stack.home, STOP)

    stack.start()  # at once: nothing of the dead one is in the way
    with Modelferry(stack.url) as ferry:
        assert ferry.job(job.id).wait(timeout=2 * COME_BACK).report.proof == "verified"


def test_ctrl_c_stops_all_of_it_and_a_second_start_finds_the_jobs(
    stack: Service, tmp_path: Path
) -> None:
    model = tmp_path / "scaled.onnx"
    model.write_bytes(onnx_model())
    with Modelferry(stack.url) as ferry:
        job = ferry.submit(ferry.upload(model), "onnx", options={"simplify": True})
        job.wait(timeout=COME_BACK)
    family = of(stack)
    assert stack.pid

    os.kill(stack.pid, signal.SIGINT)
    eventually_none(family, stack.home, STOP)
    stack.end(1)
    assert stack.status == 0

    stack.start()
    with Modelferry(stack.url) as ferry:
        found = ferry.job(job.id)
    assert found.state == "succeeded"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODELFERRY_LEASE_TERM", "soon"),
        ("MODELFERRY_STORE_URL", "ftp://store"),
        ("MODELFERRY_DATABASE_URL", "mysql://host/name"),
        ("MODELFERRY_API_PORT", "80800"),
        ("MODELFERRY_LOG_LEVEL", "loud"),
        ("MODELFERRY_HEARTBEAT", "14"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    assert name in refused(tmp_path / "home", {**NOWHERE, name: value})


def test_a_taken_port_is_refused_by_its_variable(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        port = str(other.getsockname()[1])
        said = refused(tmp_path / "home", {**NOWHERE, "MODELFERRY_API_PORT": port})
    assert "MODELFERRY_API_PORT" in said
    assert port in said


def test_a_server_that_is_named_and_away_is_told_by_its_variable(tmp_path: Path) -> None:
    said = refused(tmp_path / "home", NOWHERE)
    assert "MODELFERRY_DATABASE_URL" in said
    assert "nothing answers at 127.0.0.1" in said
