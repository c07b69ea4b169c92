"""Workers as processes, which tests kill; and jobs whose steps take as long as a test needs."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from shared.bootstrap import Services, services
from shared.domain.gpus import Gpu
from shared.domain.targets import Target
from shared.domain.views import JobView
from shared.settings import Settings
from workers.processes import descendants

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "tests" / "misbehaving" / "plugin"
TENANT = "default"


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


class Process:
    """One of our programs, and all that it starts."""

    def __init__(self, settings: Settings, log: Path, *command: str) -> None:
        told = settings.model_dump(mode="json", exclude_none=True)
        env = {f"MODELFERRY_{name.upper()}": str(value) for name, value in told.items()}
        path = os.pathsep.join((str(ROOT), str(PLUGIN)))
        self.log = log
        with log.open("wb") as file:
            self.popen = subprocess.Popen(
                (sys.executable, *command),
                env={**os.environ, **env, "PYTHONPATH": path, "AWS_SECRET_ACCESS_KEY": "hush"},
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
            )
        self._kin: set[int] = set()

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def kin(self) -> set[int]:
        """All processes that it ever had below it, as far as we looked, that still live."""
        self._kin |= set(descendants(self.popen.pid))
        return {pid for pid in self._kin if _lives(pid)}

    def await_ready(self) -> None:
        """Wait until this worker has announced itself and listens."""
        until(lambda: "worker_announced" in self.said and "worker_ready" in self.said, 60)

    def send(self, number: signal.Signals) -> None:
        self.kin()
        self.popen.send_signal(number)

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self.popen.wait()


def _lives(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return text[text.rindex(")") + 2] != "Z"


class Yard:
    """A service without an API: use cases in this process, workers and sweeper in others."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.services: Services = services(settings)
        self.processes: list[Process] = []
        self._sweeper: Process | None = None

    def worker(self, **changes: Any) -> Process:
        """A worker that has announced itself and listens."""
        worker = self.start(str(ROOT / "tests" / "chaos" / "light_worker.py"), **changes)
        worker.await_ready()
        return worker

    def gpu_worker(self, *gpus: Gpu, queues: str = "gpu") -> Process:
        """A worker that announces these devices; it may still be on its way up.

        It is told of a folder without TensorRT: nothing is checked before it is built.
        """
        told = TypeAdapter(tuple[Gpu, ...]).dump_json(gpus).decode()
        script = str(ROOT / "tests" / "chaos" / "gpu_worker.py")
        return self.start(script, told, worker_queues=queues, tensorrt_rtx_home=self.folder)

    def sweeper(self) -> Process:
        sweeper = self.start("-m", "workers.sweeper")
        until(lambda: "sweeper_ready" in sweeper.said)
        return sweeper

    def start(self, *command: str, **changes: Any) -> Process:
        log = self.folder / f"{secrets.token_hex(3)}.log"
        process = Process(self.settings.model_copy(update=changes), log, *command)
        self.processes.append(process)
        return process

    def submit(self, first: str) -> tuple[str, Path]:
        """A job with a step whose first attempt does this; and where that leaves its mark."""
        marker = self.folder / f"marker-{secrets.token_hex(3)}"
        options = {"trick": True, "first": first, "marker": str(marker)}
        (job,), _ = self.services.submit(
            TENANT, model_id=self.model(), targets=[Target(format="onnx", options=options)]
        )
        return job.id, marker

    def model(self) -> str:
        """The id of an ONNX model that is like no other."""
        model, _ = self.services.uploads.receive(
            TENANT, name="model.onnx", format=None, chunks=[_model(secrets.token_hex(3))]
        )
        return model.id

    def build(self, model: str, **options: Any) -> str:
        """A job whose engine the sleeper builds."""
        (job,) = self.builds(model, [options])
        return job

    def builds(self, model: str, wishes: Sequence[Mapping[str, Any]]) -> list[str]:
        """As many jobs, in one request."""
        targets = [Target(format="tensorrt", options=dict(each)) for each in wishes]
        jobs, _ = self.services.submit(TENANT, model_id=model, targets=targets)
        return [job.id for job in jobs]

    def job(self, job_id: str) -> JobView:
        return self.services.ask.job(TENANT, job_id)

    def ended(self, job_id: str, seconds: float = 60) -> JobView:
        until(lambda: self.job(job_id).state.final, seconds)
        return self.job(job_id)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            until(lambda process=process: not process.kin(), 5)
        self.services.feed.close()


def _model(name: str) -> bytes:
    from onnx import TensorProto, helper

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], name, [x], [y])
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
