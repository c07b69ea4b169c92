"""Timing: how fast an engine is on this GPU, beside ONNX Runtime on the same worker."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from workers.tensorrt_bridge.engines import Engine

WARM_UP: Final = 0.5  # seconds
MOST_SECONDS: Final = 3.0  # of measuring, at one size
MOST_RUNS: Final = 200
LEAST_RUNS: Final = 10

PROVIDERS: Final = ("CPUExecutionProvider", "CUDAExecutionProvider")

Arrays = Mapping[str, NDArray[Any]]


def timed(engine: Engine, inputs: Arrays) -> dict[str, float]:
    """Latencies by CUDA events, in milliseconds, and runs per second when they queue.

    Inputs and outputs stay on the GPU: copies are not part of it.
    """
    import torch

    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        held = engine.bind(inputs)
        outputs = engine.outputs()

        def once() -> None:
            engine.start(stream)
            stream.synchronize()

        _repeat(once, WARM_UP)
        latencies = []
        for _ in range(_affordable(once)):
            before = torch.cuda.Event(enable_timing=True)
            after = torch.cuda.Event(enable_timing=True)
            before.record(stream)
            engine.start(stream)
            after.record(stream)
            after.synchronize()
            latencies.append(float(before.elapsed_time(after)))
        started = time.perf_counter()
        for _ in latencies:
            engine.start(stream)
        stream.synchronize()
        seconds = time.perf_counter() - started
    del held, outputs
    return summary(latencies, len(latencies) / seconds)


def beside(path: Path, cases: Sequence[Arrays]) -> dict[str, list[dict[str, Any]]]:
    """ONNX Runtime on the same inputs, by provider: those that are installed.

    Copies to and from the GPU are part of the CUDA provider's numbers. Where ONNX Runtime does
    not run the model, `failed` says why: the engine's own numbers stand without it.
    """
    import onnxruntime

    there = set(onnxruntime.get_available_providers())
    return {
        provider: [_tried(path, provider, inputs) for inputs in cases]
        for provider in PROVIDERS
        if provider in there
    }


def _tried(path: Path, provider: str, inputs: Arrays) -> dict[str, Any]:
    try:
        return _timed_session(path, provider, inputs)
    except Exception as error:  # noqa: BLE001 - whatever the library raises, it is told
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return {"failed": lines[0][:300]}


def summary(milliseconds: Sequence[float], per_second: float) -> dict[str, float]:
    """Median and 99th percentile (the nearest rank) of latencies."""
    ordered = sorted(milliseconds)
    middle = len(ordered) // 2
    odd = len(ordered) % 2
    median = ordered[middle] if odd else (ordered[middle - 1] + ordered[middle]) / 2
    p99 = ordered[-(-99 * len(ordered) // 100) - 1]
    return {
        "median": round(median, 4),
        "p99": round(p99, 4),
        "throughput": round(per_second, 2),
        "runs": len(ordered),
    }


def _timed_session(path: Path, provider: str, inputs: Arrays) -> dict[str, float]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=[provider])
    if provider not in session.get_providers():
        message = f"{provider} does not start here"
        raise RuntimeError(message)
    fed = {each.name: inputs[each.name] for each in session.get_inputs()}

    def once() -> None:
        session.run(None, fed)

    _repeat(once, WARM_UP)
    latencies = []
    for _ in range(_affordable(once)):
        started = time.perf_counter()
        once()
        latencies.append((time.perf_counter() - started) * 1e3)
    return summary(latencies, len(latencies) / (sum(latencies) / 1e3))


def _repeat(once: Callable[[], None], seconds: float) -> None:
    end = time.perf_counter() + seconds
    once()
    while time.perf_counter() < end:
        once()


def _affordable(once: Callable[[], None]) -> int:
    started = time.perf_counter()
    once()
    one = max(time.perf_counter() - started, 1e-6)
    return max(LEAST_RUNS, min(MOST_RUNS, int(MOST_SECONDS / one)))
