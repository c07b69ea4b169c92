"""From a submission to the moment when an idle worker begins: what a doorbell costs.

python -m bench.doorbell [JOBS]
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Final

from rich.console import Console
from rich.table import Table

from modelferry import Modelferry
from modelferry.job import Job
from modelferry.stack import Stack

PAUSE: Final = 0.3  # seconds between jobs, for the worker to fall idle
SHARES: Final = (50, 90, 99)


def model(number: int) -> bytes:
    """y = number * x."""
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "scale"], ["y"])],
        "scaled",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor("scale", TensorProto.FLOAT, [1], [float(number)])],
    )
    opsets = [helper.make_opsetid("", 18)]
    data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    return data


def waited(job: Job) -> float:
    """Milliseconds from the job's first event to the claim of its first step."""
    moments = {event.kind: event.at for event in reversed(list(job.events()))}
    return (moments["step.running"] - moments["job.submitted"]).total_seconds() * 1e3


def measure(ferry: Modelferry, folder: Path, jobs: int) -> list[float]:
    """One wait per job, each submitted to an idle worker; the first job is not counted."""
    waits = []
    for number in range(jobs + 1):
        path = folder / f"{number}.onnx"
        path.write_bytes(model(number))
        job = ferry.submit(ferry.upload(path), to="onnx", options={"simplify": True})
        job.wait()
        waits.append(waited(job))
        time.sleep(PAUSE)
    return waits[1:]


def main(jobs: int = 40) -> int:
    """Print the percentiles."""
    with tempfile.TemporaryDirectory(prefix="modelferry-bench-") as scratch:
        folder = Path(scratch)
        stack = Stack(folder / "home", {**os.environ, "MODELFERRY_API_PORT": "0"})
        try:
            stack.start()
            with Modelferry(stack.url) as ferry:
                cuts = quantiles(measure(ferry, folder, jobs), n=100)
        finally:
            stack.stop()
    drawn = Table(title=f"submitted → claimed by an idle worker, {jobs} jobs, milliseconds")
    for share in SHARES:
        drawn.add_column(f"p{share}", justify="right")
    drawn.add_row(*(f"{cuts[share - 1]:.1f}" for share in SHARES))
    Console().print(drawn)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 40))
