"""Fit: the shapes that a result was built for, under the source's names."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.domain.signatures import Signature
from workers.runtime import Limits, Runtime, Shapes, Sizes
from workers.verification.match import Match, match
from workers.verification.samples import MOST_SAMPLES, Case


@dataclass(frozen=True, slots=True)
class Fit:
    """`sizes` are to be tried; what lies outside of `limits` cannot be."""

    sizes: Sizes
    limits: Limits | None

    def at_once(self, signature: Signature) -> int:
        """How many samples may go in together: the largest batch of all inputs."""
        longest = [
            max(shapes[each.name][0] for shapes in self.sizes)
            for each in signature.inputs
            if each.shape
            and not isinstance(each.shape[0], int)
            and all(shapes.get(each.name) for shapes in self.sizes)
        ]
        return min((*longest, MOST_SAMPLES))

    def values(self, number: int) -> Shapes:
        """What is fed to the inputs that are shapes themselves, with that one of `sizes`."""
        return self.limits.values[number] if self.limits else {}

    def refuses(self, case: Case) -> str | None:
        """Why the result cannot take a case; None where it can."""
        if self.limits is None:
            return None
        for name, shape in case.shapes.items():
            low, high = self.limits.low.get(name), self.limits.high.get(name)
            if low is None or high is None:
                continue  # the result never reads it
            within = len(shape) == len(low) and all(
                least <= length <= most
                for least, length, most in zip(low, shape, high, strict=True)
            )
            if not within:
                return (
                    f"input {name!r} has the shape {shape}, and the result was built for"
                    f" {list(low)} to {list(high)}"
                )
        return None


def fit_of(runtime: Runtime, path: Path, source: Signature) -> Fit | None:
    """What the result at `path` was built for; None where it takes what the source takes."""
    sizes = runtime.sizes(path)
    if sizes is None:
        return None
    found = match(source, runtime.inspect(path, {}).signature)
    if found.wrong:
        return None  # which the comparison will say
    limits = runtime.limits(path)
    return Fit(
        sizes=tuple(_renamed(found, each) for each in sizes),
        limits=limits
        and Limits(
            low=_renamed(found, limits.low),
            high=_renamed(found, limits.high),
            values=tuple(_renamed(found, each) for each in limits.values),
        ),
    )


def _renamed(found: Match, shapes: Shapes) -> Mapping[str, tuple[int, ...]]:
    names = {tensor.name: name for name, tensor in found.takes.items()}
    return {names[other]: shape for other, shape in shapes.items() if other in names}
