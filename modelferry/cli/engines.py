"""Engines on the terminal: what one is, what building it cost, how fast it runs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modelferry.cli.words import duration, milliseconds, size
from modelferry.types import JobView, Manifest


def engine_lines(job: JobView) -> Iterator[str]:
    """A line for each thing to know about the engine that a job built; none for other jobs."""
    report = job.report
    if report.engine is not None:
        yield from _identity(report.engine.manifest)
    if report.build is not None:
        yield _cost(report.build)
        for warning in report.build.get("warnings") or ():
            yield f"the builder warns: {warning}"
    yield from _measured((report.verification or {}).get("measured") or {})


def _identity(manifest: Manifest) -> Iterator[str]:
    product = "TensorRT-RTX" if manifest.format == "tensorrt-rtx" else "TensorRT"
    place = manifest.gpu.name if manifest.gpu else "any RTX GPU since Ampere"
    reach = "" if manifest.hardware == "none" else f" and {manifest.hardware}"
    yield (
        f"engine: {product} {manifest.library}, {manifest.precision}, for {place}{reach},"
        f" {size(manifest.size)}"
    )
    for profile in manifest.profiles:
        for name, shapes in profile.items():
            yield f"  {name}: {_shape(shapes.min)} … {_shape(shapes.opt)} … {_shape(shapes.max)}"


def _cost(build: Mapping[str, Any]) -> str:
    parts = []
    if build.get("seconds") is not None:
        parts.append(f"built in {duration(build['seconds'])}")
    if build.get("peak_memory") is not None:
        parts.append(f"{size(build['peak_memory'])} of memory")
    if build.get("peak_device_memory") is not None:
        parts.append(f"{size(build['peak_device_memory'])} of GPU memory")
    return ", ".join(parts) or "built"


def _measured(measured: Mapping[str, Any]) -> Iterator[str]:
    """The engine's latency at each size, and ONNX Runtime's on the same worker."""
    if measured.get("device"):
        taken = measured.get("device_memory")
        memory = f", {size(taken)} of GPU memory" if taken is not None else ""
        yield f"measured on {measured['device']}{memory}"
    for each in measured.get("sizes") or ():
        ours = each.get("engine") or {}
        others = [
            f"ONNX Runtime {provider.removesuffix('ExecutionProvider')}"
            f" {milliseconds(found.get('median')) or 'failed'}"
            for provider, found in (each.get("onnxruntime") or {}).items()
        ]
        shapes = (f"{name} {_shape(shape)}" for name, shape in (each.get("shapes") or {}).items())
        told = [
            f"{milliseconds(ours.get('median'))} (p99 {milliseconds(ours.get('p99'))})",
            f"{ours.get('throughput', 0):.4g}/s",
            *others,
        ]
        yield f"  {each.get('size', '')} {' '.join(shapes)}: {', '.join(told)}"


def _shape(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "scalar"
