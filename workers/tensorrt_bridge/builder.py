"""Builder: from an ONNX file to an engine and its manifest. One for TensorRT and TensorRT-RTX."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.engines import ENGINE_FILE, MANIFEST_FILE, Profile
from shared.domain.errors import FerryError, InvalidProfile, StepRefused
from shared.domain.precisions import Precision
from shared.domain.signatures import Signature
from workers.converter import Bench
from workers.tensorrt_bridge.caches import Combined, combined, kept
from workers.tensorrt_bridge.faults import failure
from workers.tensorrt_bridge.library import Library
from workers.tensorrt_bridge.manifest import Engine, manifest
from workers.tensorrt_bridge.monitor import Progress, monitor
from workers.tensorrt_bridge.network import Workshop, parsed, signature_of
from workers.tensorrt_bridge.options import EngineOptions
from workers.tensorrt_bridge.peaks import Peaks, peaks
from workers.tensorrt_bridge.precision import insist, precision_of
from workers.tensorrt_bridge.profiles import applied, profiles, told
from workers.tensorrt_bridge.settings import configure, flags_of
from workers.tensorrt_bridge.writing import serialized

PARSED: Final = 0.05
BUILT: Final = 0.9
"""Where in the step's progress the parser and the builder are through."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One configuration that was built, or was to be."""

    config: Any
    profile: Profile
    caches: Combined | None
    error: FerryError | None


def build(
    bench: Bench[EngineOptions], library: Library, source: Signature, *, timed: bool = False
) -> None:
    """Write an engine of `bench.source` and its manifest into the folder `bench.target`.

    Args:
        source: the signature of the ONNX file, for the names of lengths.
        timed: whether kernels are timed on a GPU, so that timing caches matter.

    Raises:
        InvalidModel, UnsupportedOperator: the parser's answer.
        InvalidProfile, InvalidOptions, UnsupportedPrecision: what was asked for cannot be had.
        DeviceMemoryExceeded, MemoryExceeded: there is not enough of it.
        StepRefused: anything else, in the library's words; or it was stopped.
    """
    started = time.monotonic()
    bench.say(f"reading the graph with {library.title}", progress=0.01)
    precision = precision_of(bench.source, tf32=bench.options.tf32)
    insist(precision, bench.gpu)
    with peaks(bench.gpu) as memory:
        shop = parsed(library, bench.source)
        bench.say(f"{shop.network.num_layers} layers", progress=PARSED)
        signature = signature_of(shop, source)
        bench.target.mkdir()
        engine = bench.target / ENGINE_FILE
        attempt = _built(bench, shop, signature, engine, timed=timed)
    if timed and attempt.caches:
        kept(attempt.config, bench.cache_output)
    made = _described(bench, shop, signature, attempt, precision)
    written = manifest(made, engine, bench.source, bench.gpu)
    (bench.target / MANIFEST_FILE).write_text(written.model_dump_json(indent=1), encoding="utf-8")
    bench.note(
        manifest=written.model_dump(mode="json"),
        build=_facts(shop, attempt, memory, time.monotonic() - started),
    )


def _built(
    bench: Bench[EngineOptions], shop: Workshop, signature: Signature, path: Path, *, timed: bool
) -> _Attempt:
    """The first profile that the network takes: only guessed ones have others behind them."""
    refused: FerryError | None = None
    progress = Progress(
        say=lambda message, done: bench.say(message, progress=done),
        stopping=bench.stopping,
        low=PARSED,
        high=BUILT,
    )
    values = shop.shape_inputs()
    for profile in profiles(signature, bench.options.shapes, values):
        attempt = _attempt(bench, shop, profile, path, progress, timed=timed)
        if attempt.error is None:
            return attempt
        path.unlink(missing_ok=True)
        if not isinstance(attempt.error, InvalidProfile):
            raise attempt.error
        refused = refused or attempt.error
        bench.say("the model does not take such shapes; trying others")
    raise refused or StepRefused("There was no profile to build.")


def _attempt(
    bench: Bench[EngineOptions],
    shop: Workshop,
    profile: Profile,
    path: Path,
    progress: Progress,
    *,
    timed: bool,
) -> _Attempt:
    library = shop.library
    config = shop.builder.create_builder_config()
    configure(library, config, bench.options)
    ranges = applied(shop.builder.create_optimization_profile(), profile, shop.shape_inputs())
    shop.said.errors.clear()
    caches = combined(config, shop.said, bench.caches) if timed else None
    watching = monitor(library.module, progress)
    config.progress_monitor = watching
    done = config.add_optimization_profile(ranges) >= 0 and serialized(shop, config, path)
    if progress.stopped:
        raise StepRefused("The build was stopped.")
    error = None if done else failure(library, bench.options, shop.said.errors, bench.source)
    return _Attempt(config, profile, caches, error)


def _described(
    bench: Bench[EngineOptions],
    shop: Workshop,
    signature: Signature,
    attempt: _Attempt,
    precision: Precision,
) -> Engine:
    return Engine(
        library=shop.library,
        options=bench.options,
        signature=signature,
        profile=told(attempt.profile, signature, shop.shape_inputs()),
        values=shop.shape_inputs(),
        flags=flags_of(shop.library, attempt.config),
        precision=precision,
    )


def _facts(shop: Workshop, attempt: _Attempt, memory: Peaks, seconds: float) -> dict[str, Any]:
    """Of the build: memory in bytes, of the host and of the GPU."""
    caches = attempt.caches
    return {
        "seconds": round(seconds, 3),
        "peak_memory": memory.host,
        "peak_device_memory": memory.device,
        "warnings": [*(caches.dropped if caches else ()), *shop.said.warnings],
        "layers": shop.network.num_layers,
        "inputs": shop.network.num_inputs,
        "outputs": shop.network.num_outputs,
        "timing_caches": caches.loaded if caches else 0,
    }
