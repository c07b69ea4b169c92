"""`python -m bench.model_folders [NAME…]`: model folders of transformers, each as a program.

Every architecture of the zoo that comes from transformers is saved as its users save it, tiny
and with random weights, exported with its batch and lengths open, and held to its folder. What
cannot be kept open is fixed, and said.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final, cast

from bench.coverage.zoo import language, seeing
from bench.coverage.zoo.exporting import varied
from bench.coverage.zoo.hugging import Recipe
from shared.domain.errors import FerryError, StepRefused
from shared.domain.formats import HUGGINGFACE, PT2
from shared.domain.plans import TOLERANCES
from workers.converters import catalogue
from workers.runtimes import RUNTIMES
from workers.verification.verify import Side, verify

EDGE: Final = "huggingface-to-pt2"
FIXABLE: Final = "options.dynamic"
"""The field at fault where a length cannot be kept open."""


def recipes() -> dict[str, Recipe]:
    """By name, those of both rooms of the zoo."""
    tables = (each for room in (language, seeing) for each in vars(room).values())
    found = (table.items() for table in tables if isinstance(table, dict))
    return {name: each for items in found for name, each in items if isinstance(each, Recipe)}


def main(asked: list[str]) -> int:
    """How many are no programs."""
    failed = 0
    for name, recipe in recipes().items():
        if asked and name not in asked:
            continue
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as room:
            told = _carried(recipe, Path(room))
        failed += not told.startswith("verified")
        print(f"{name}: {told} ({time.perf_counter() - began:.1f} s)", flush=True)
    return failed


def _carried(recipe: Recipe, room: Path) -> str:
    import torch
    import transformers

    torch.manual_seed(0)
    model = getattr(transformers, recipe.model)(
        getattr(transformers, recipe.config)(**recipe.sizes)
    )
    varied(model.eval())
    folder, target = room / "folder", room / "model.pt2"
    model.save_pretrained(folder)
    try:
        bench = _exported(folder, target)
    except FerryError as error:
        return f"{error.code}: {error}"
    note = verify(
        Side(RUNTIMES[HUGGINGFACE.name], folder),
        Side(RUNTIMES[PT2.name], target),
        given={},
        samples=None,
        dynamic=not bench.facts["fixed"],
        tolerances=TOLERANCES,
        seed=0,
        say=lambda *_: None,
    )
    worst = max(each["max_rel"] for each in note.report["outputs"])
    told = f"{'verified' if note.report['verified'] else 'wrong'}, {worst:.1e}"
    return f"{told}, with {bench.facts['fixed']} fixed" if bench.facts["fixed"] else told


class _Bench:
    """What the converter needs of a bench."""

    def __init__(self, source: Path, target: Path, options: Any) -> None:
        self.source, self.target, self.options = source, target, options
        self.facts: dict[str, Any] = {}

    def say(self, message: str, *, progress: float | None = None) -> None:
        """Nobody listens."""

    def note(self, **facts: Any) -> None:
        """Kept, to be told in one line."""
        self.facts |= facts


def _exported(folder: Path, target: Path) -> _Bench:
    """With all that may vary open; else with what the exporter can keep."""
    try:
        return _converted(folder, target, dynamic=True)
    except StepRefused as error:
        if error.fault.field != FIXABLE:
            raise
        return _converted(folder, target, dynamic=False)


def _converted(folder: Path, target: Path, *, dynamic: bool) -> _Bench:
    edge = catalogue()[EDGE]
    bench = _Bench(folder, target, edge.options.model_validate({"dynamic": dynamic}))
    edge.convert(cast("Any", bench))
    return bench


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
