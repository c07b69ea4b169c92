"""Monitor: a build's phases as one number that only grows, and the way to stop it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

LEAST: Final = 0.01
"""Of progress between two messages: builds report thousands of steps."""


@dataclass(slots=True)
class _Phase:
    """Runs from `start` to `end` of the whole; `done` of its `steps` are behind it."""

    start: float
    end: float
    steps: int
    done: int = 0

    @property
    def now(self) -> float:
        return self.start + (self.end - self.start) * min(self.done / max(self.steps, 1), 1.0)

    @property
    def next(self) -> float:
        return self.start + (self.end - self.start) * min(
            (self.done + 1) / max(self.steps, 1), 1.0
        )


@dataclass(slots=True)
class Progress:
    """Nested phases, told as they come; TensorRT may call from several threads.

    A phase fills the step of its parent during which it started. `say` gets the phase's name
    and a progress between `low` and `high`.
    """

    say: Callable[[str, float], None]
    stopping: Callable[[], bool]
    low: float
    high: float
    stopped: bool = False
    told: float = 0.0
    title: str = ""
    phases: dict[str, _Phase] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, name: str, parent: str | None, steps: int) -> None:
        """A phase begins, of so many steps."""
        with self.lock:
            above = self.phases.get(parent) if parent else None
            reach = (above.now, above.next) if above else (self.low, self.high)
            self.phases[name] = _Phase(*reach, steps)
            self._tell(name, reach[0])

    def step(self, name: str) -> bool:
        """One more step is done. False: the build is to stop."""
        with self.lock:
            phase = self.phases.get(name)
            if phase:
                phase.done += 1
                self._tell(name, phase.now)
            self.stopped = self.stopped or self.stopping()
            return not self.stopped

    def finish(self, name: str) -> None:
        """A phase ends, whether or not all of its steps came."""
        with self.lock:
            phase = self.phases.pop(name, None)
            if phase:
                self._tell(name, phase.end)

    def _tell(self, name: str, progress: float) -> None:
        grown = max(progress, self.told)
        if grown >= self.told + LEAST or not self.title:
            self.told, self.title = grown, name
            self.say(name[:1].lower() + name[1:], grown)


def monitor(trt: Any, progress: Progress) -> Any:
    """The library's progress monitor, which tells `progress`. Keep it while it builds."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]  # an untyped base
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            progress.start(phase_name, parent_phase, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:  # noqa: ARG002 - counted here
            return progress.step(phase_name)

        def phase_finish(self, phase_name: str) -> None:
            progress.finish(phase_name)

    return Monitor()
