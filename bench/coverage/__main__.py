"""What can be reached, counted by running it: `make coverage`.

    python -m bench.coverage                     go on with docs/coverage.json
    python -m bench.coverage --only BERT --fresh one architecture anew
    python -m bench.coverage --pins              what CI compares with, anew

Three tables: formats by formats, architectures by targets, and ONNX's backend cases on our
importers and others'. docs/generate.py draws docs/coverage.md from the file.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.coverage import backend, formats, kept
from bench.coverage.arguments import Wanted, parse
from bench.coverage.cells import workshop
from bench.coverage.kept import Kept
from bench.coverage.rows import Proof, Row
from shared.telemetry import configure


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what is missing; the exit status."""
    wanted = parse(sys.argv[1:] if arguments is None else arguments)
    configure("warning", "console")
    found = kept.read()
    with tempfile.TemporaryDirectory(prefix="modelferry-coverage-") as place:
        folder = Path(place)
        if "formats" in wanted.tables:
            found.formats = formats.pairs(folder)
            kept.write(found)
        if "backend" in wanted.tables:
            _backend(found, wanted, folder)
    if "models" in wanted.tables:
        _models(found, wanted)
    print(f"{kept.PATH.relative_to(kept.ROOT)} is written; docs/generate.py draws from it")
    return 0


def _backend(found: Kept, wanted: Wanted, folder: Path) -> None:
    for engine in wanted.engines:
        if engine in found.backend and not wanted.fresh:
            continue
        if backend.version(engine) is None:
            print(f"{engine}: not installed (make compared), so its line stays as it is")
            continue
        counted = backend.counts(engine, backend.run(engine, folder))
        total = sum(counted.passed.values()), sum(counted.cases.values())
        print(f"{engine}: passed {total[0]} of {total[1]}, in {counted.seconds:.0f} s", flush=True)
        found.backend[engine] = counted
        kept.write(found)


def _models(found: Kept, wanted: Wanted) -> None:
    left = {name: _missing(found, name, wanted) for name in wanted.models}
    if not any(left.values()):
        return
    with workshop() as shop:
        for name, targets in left.items():
            if targets:
                row = shop.row(name, targets)
                _say(name, row)
                before = found.models.get(name)
                old = before.cells if before else {}
                found.models[name] = row.model_copy(update={"cells": old | row.cells})
                kept.write(found)


def _missing(found: Kept, name: str, wanted: Wanted) -> list[str]:
    known = found.models.get(name)
    if known is None or wanted.fresh:
        return list(wanted.targets)
    return [each for each in wanted.targets if each not in {known.source, *known.cells}]


def _say(name: str, row: Row) -> None:
    seconds = sum(cell.seconds for cell in row.cells.values())
    print(f"{name}{'' if row.dynamic else ' (fixed batch)'}: {seconds:.0f} s in steps")
    for target, cell in row.cells.items():
        error = f" {cell.max_rel:.1e}" if cell.max_rel is not None else ""
        at = f" {cell.operator} {cell.node!r}" if cell.operator else ""
        why = f" {cell.code}{at}: {cell.reason}" if cell.proof is Proof.NONE else ""
        print(f"  {target}: {cell.proof}{error}{why}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
