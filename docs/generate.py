"""Rewrite the parts of the documents that are drawn from the code's own tables.

    python docs/generate.py            rewrite
    python docs/generate.py --check    exit 1 if a document is behind the code

A part stands between `<!-- made from NAME -->` and `<!-- end -->`.
"""

import json
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.coverage.drawing import PARTS as COVERAGE  # noqa: E402
from shared.domain.errors import FerryError  # noqa: E402 - the path comes first
from shared.domain.formats import FORMATS  # noqa: E402
from shared.domain.lifecycle import MOVES, State  # noqa: E402
from shared.domain.plans import TOLERANCES  # noqa: E402
from shared.domain.precisions import Precision  # noqa: E402
from shared.domain.precisions import tolerances as precision_tolerances  # noqa: E402
from shared.settings import PREFIX, Settings  # noqa: E402

PART: Final = re.compile(
    r"(?P<head><!-- made from (?P<name>[\w-]+) -->\n).*?(?P<tail><!-- end -->)", re.DOTALL
)


def lifecycle() -> str:
    """The state diagram of a step, from MOVES."""
    arrows = [f"    {old} --> {new}: {move}" for (old, move), new in MOVES.items()]
    ends = [f"    {state} --> [*]" for state in State if state.final]
    lines = ["stateDiagram-v2", f"    [*] --> {State.WAITING}", *arrows, *ends]
    return _fenced("mermaid", lines)


def floors() -> str:
    """The floors, from the contract that import-linter holds."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(each for each in contracts["contracts"] if each["type"] == "layers")["layers"]
    rooms = [[room.strip() for room in layer.split("|")] for layer in layers]
    lines = ["flowchart TB"]
    for number, floor in enumerate(rooms):
        lines.append(f"    subgraph floor{number} [ ]")
        lines += [f"        {_node(room)}[{room}]" for room in floor]
        lines.append("    end")
    for above, below in pairwise(rooms):
        lines += [f"    {_node(one)} --> {_node(other)}" for one in above for other in below]
    return _fenced("mermaid", lines)


def settings() -> str:
    """The table of settings, from their descriptions."""
    rows = ["| variable | default | what it sets |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = "*required*" if field.is_required() else f"`{field.default}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows) + "\n"


def errors() -> str:
    """The error reference, from the tree."""
    rows = ["| code | HTTP | whose move | meaning |", "| --- | --- | --- | --- |"]
    seen = {}
    pending = list(FerryError.__subclasses__())
    while pending:
        error = pending.pop(0)
        pending = [*error.__subclasses__(), *pending]
        seen[error.code] = f"| `{error.code}` | {error.status} | {error.band} | {error.title} |"
    return "\n".join([*rows, *seen.values()]) + "\n"


def formats() -> str:
    """The formats that the service can name."""
    rows = ["| name | format | files |", "| --- | --- | --- |"]
    rows += [
        f"| `{each.name}` | {each.title} | {', '.join(each.suffixes)} |"
        for each in FORMATS.values()
    ]
    return "\n".join(rows) + "\n"


def precisions() -> str:
    """What counts as agreement with a float32 source, by what the result computes in."""
    rows = [
        "| precision | rtol | atol | share | cosine at least |",
        "| --- | --- | --- | --- | --- |",
    ]
    for each in Precision:
        found = precision_tolerances(each)["float32"]
        cosine = "" if found.cosine is None else f"{found.cosine:g}"
        numbers = f"{found.rtol:g} | {found.atol:g} | {found.share:g} | {cosine}"
        rows.append(f"| `{each}` | {numbers} |")
    return "\n".join(rows) + "\n"


def tolerances() -> str:
    """What counts as agreement."""
    rows = ["| dtype | rtol | atol |", "| --- | --- | --- |"]
    rows += [f"| {name} | {each.rtol:g} | {each.atol:g} |" for name, each in TOLERANCES.items()]
    return "\n".join(rows) + "\n"


def engines() -> str:
    """What builds, from the file that `python -m bench.engines` writes."""
    kept = ROOT / "docs" / "engines.json"
    head = ["| model | came as | what became of it | run on the way | engine |"]
    table = [*head, "| --- | --- | --- | --- | --- |"]
    for row in json.loads(kept.read_text()):
        outcome = row["outcome"]
        if row["operator"]:
            outcome = f"`{outcome}`: {row['operator']}, node `{row['node']}`"
        proof = f"{row['proof']}, largest error {row['max_rel']:.1e}" if row["proof"] else "—"
        size = f"{row['size'] / 1e6:.1f} MB" if row["size"] else "—"
        table.append(f"| {row['model']} | {row['source']} | {outcome} | {proof} | {size} |")
    return "\n".join(table) + "\n"


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "lifecycle": lifecycle,
    "floors": floors,
    "settings": settings,
    "errors": errors,
    "formats": formats,
    "tolerances": tolerances,
    "precisions": precisions,
    "engines": engines,
    **COVERAGE,
}


def rewritten(text: str) -> str:
    """The document with every part made anew.

    Raises:
        KeyError: a part is named that nothing here makes.
    """
    return PART.sub(lambda m: m["head"] + PARTS[m["name"]]() + m["tail"], text)


def main(arguments: list[str]) -> int:
    behind = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        old = path.read_text()
        new = rewritten(old)
        if new != old:
            behind.append(path)
            if "--check" not in arguments:
                path.write_text(new)
    for path in behind:
        print(path.relative_to(ROOT))  # noqa: T201 - the answer of a command
    return 1 if behind and "--check" in arguments else 0


def _node(room: str) -> str:
    return room.replace(".", "_")


def _fenced(language: str, lines: list[str]) -> str:
    return "\n".join([f"```{language}", *lines, "```"]) + "\n"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
