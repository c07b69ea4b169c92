"""What the runtimes of both kinds of engines share: the manifest says all but the numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from typing_extensions import override

from shared.domain.engines import Manifest
from shared.domain.errors import InvalidModel
from shared.domain.offers import Queue
from shared.domain.signatures import Inspection, Signature
from workers.runtime import Given, Limits, Runtime, Session, Shapes, Sizes
from workers.tensorrt_bridge.engines import loaded, run
from workers.tensorrt_bridge.library import load
from workers.tensorrt_bridge.manifest import insist_on_engine, read_manifest
from workers.tensorrt_bridge.timing import beside as timed_beside
from workers.tensorrt_bridge.timing import timed
from workers.verification.samples import Case, generate_at

NAMES = ("min", "opt", "max")
USUAL = "opt"


class EngineRuntime(Runtime):
    """A zip of an engine and its manifest. Inspected anywhere, run on a GPU."""

    packages: ClassVar[tuple[str, ...]] = ("torch",)
    queue: ClassVar[Queue] = Queue.GPU

    @override
    def sizes(self, path: Path) -> Sizes | None:
        """Smallest, usual and largest shapes of the first profile, each once."""
        return tuple(shapes for shapes, _ in _points(self._told(path)).values())

    @override
    def limits(self, path: Path) -> Limits | None:
        points = tuple(_points(self._told(path)).values())
        return Limits(
            low=points[0][0], high=points[-1][0], values=tuple(values for _, values in points)
        )

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        told = self._told(path)
        insist_on_engine(path, told)
        return Inspection(
            format=self.format.name,
            signature=Signature(inputs=told.inputs, outputs=told.outputs),
            parameters=0,
            producer=f"{self.format} {told.library}",
        )

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        told = self._told(path)
        insist_on_engine(path, told)
        if told.weight_stripped:
            raise InvalidModel(
                "The engine was built without its weights; it runs once it was refitted with"
                f" those of the ONNX model {told.source}."
            )
        with loaded(load(self.libraries[0]), path, told) as engine:
            yield Session(
                Signature(inputs=told.inputs, outputs=told.outputs),
                lambda inputs: run(engine, inputs),
            )

    @override
    def measure(self, path: Path, beside: Path | None) -> dict[str, Any] | None:
        """At the smallest, usual and largest shapes; latencies in ms, throughput per second.

        `device_memory`: bytes that the GPU lacks while the engine is loaded and has run.
        """
        import torch

        told = self._told(path)
        signature = Signature(inputs=told.inputs, outputs=told.outputs)
        cases = [
            (name, generate_at(signature, shapes, values, scale=1.0, seed=(number,)))
            for number, (name, (shapes, values)) in enumerate(_points(told).items())
        ]
        free, _ = torch.cuda.mem_get_info()
        with loaded(load(self.libraries[0]), path, told) as engine:
            ours = [timed(engine, case.inputs) for _, case in cases]
            left, _ = torch.cuda.mem_get_info()
        others = timed_beside(beside, [case.inputs for _, case in cases]) if beside else {}
        return {
            "sizes": [
                _told_of(name, case, one, {who: found[number] for who, found in others.items()})
                for number, ((name, case), one) in enumerate(zip(cases, ours, strict=True))
            ],
            "device_memory": max(free - left, 0),
            "device": torch.cuda.get_device_name(),
        }

    def _told(self, path: Path) -> Manifest:
        told = read_manifest(path)
        if told.format != self.format.name:
            raise InvalidModel(f"The manifest is of a {told.format} engine, not of {self.format}.")
        return told


def _points(told: Manifest) -> dict[str, tuple[Shapes, Shapes]]:
    """Shapes of all inputs, and values of those that are shapes, from small to large.

    What is no other than the usual ones is left out.
    """
    if not told.profiles:
        raise InvalidModel("The manifest says no profile, so no shapes are known.")
    points = {which: _point(told, which) for which in NAMES}
    usual = points[USUAL]
    return {which: each for which, each in points.items() if which == USUAL or each != usual}


def _point(told: Manifest, which: str) -> tuple[Shapes, Shapes]:
    ends = {name: getattr(each, which) for name, each in told.profiles[0].items()}
    shapes = {name: end for name, end in ends.items() if name not in told.values}
    values = {name: end for name, end in ends.items() if name in told.values}
    return {**shapes, **_fixed(told, values)}, values


def _fixed(told: Manifest, values: Shapes) -> Shapes:
    """The shapes of inputs that are shapes: the number of their values, or none for a scalar."""
    return {
        each.name: tuple(dim if isinstance(dim, int) else 1 for dim in each.shape or ())
        for each in told.inputs
        if each.name in values
    }


def _told_of(
    name: str, case: Case, ours: dict[str, float], others: dict[str, Any]
) -> dict[str, Any]:
    return {"size": name, "shapes": case.shapes, "engine": ours, "onnxruntime": others}
