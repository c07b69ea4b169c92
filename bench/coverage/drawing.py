"""Drawing: the tables of docs/coverage.md, from docs/coverage.json."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from bench.coverage import kept
from bench.coverage.kept import Counts
from bench.coverage.rows import TARGETS, Cell, Proof, Row
from bench.pairs.trial import Carried

NODE: Final = "node"


def formats() -> str:
    """From which format to which: how many converters are on the way."""
    table = kept.read().formats
    targets = list(dict.fromkeys(target for row in table.values() for target in row))
    lines = list(_head("from", targets))
    for source, row in table.items():
        cells = [_pair(source, target, row) for target in targets]
        lines.append(_line(f"`{source}`", *cells))
    return "\n".join(lines) + "\n"


def _pair(source: str, target: str, row: Mapping[str, kept.Pair]) -> str:
    if source == target:
        return "—"
    found = row.get(target)
    if found is None:
        return ""
    marks = ("" if found.verified else "*") + (" GPU" if found.way == "gpu" else "")
    return f"{len(found.route)}{marks}"


def models() -> str:
    """Architecture by target: the largest error, or what stands in the way."""
    lines: list[str] = []
    family = None
    for name, row in _by_family():
        if row.family != family:
            family = row.family
            lines += ["", f"**{family}**", "", *_head("architecture", TARGETS)]
        batch = "" if row.dynamic else " (fixed batch)"
        cells = [_cell(row, target) for target in TARGETS]
        lines.append(_line(f"{name}{batch}", *cells))
    return "\n".join([*lines, "", _summary()]) + "\n"


def _by_family() -> Iterator[tuple[str, Row]]:
    rows = kept.read().models
    for family in dict.fromkeys(row.family for row in rows.values()):
        yield from ((name, row) for name, row in rows.items() if row.family == family)


def _cell(row: Row, target: str) -> str:
    if target == row.source:
        return "—"
    cell = row.cells.get(target)
    if cell is None:
        return ""
    if cell.proof is Proof.VERIFIED:
        return "exact" if not cell.max_rel else f"{cell.max_rel:.0e}"
    if cell.proof is Proof.CONVERTED:
        return "written" if cell.max_rel is None else f"written, {cell.max_rel:.0e}"
    return f"**no**: {cell.operator}" if cell.operator else "**no**"


def _summary() -> str:
    rows = kept.read().models.values()
    told = []
    for target in TARGETS:
        cells = [row.cells[target] for row in rows if target in row.cells]
        if cells:
            good = sum(each.proof is Proof.VERIFIED for each in cells)
            written = sum(each.proof is Proof.CONVERTED for each in cells)
            more = f", {written} written" if written else ""
            told.append(f"`{target}` {good} of {len(cells)} verified{more}")
    return f"{len(rows)} architectures: {'; '.join(told)}."


def reasons() -> str:
    """Of each cell that is `no`, why."""
    lines = list(_head("architecture", ("target", "code", "node", "what was said")))
    for name, row in kept.read().models.items():
        for target, cell in row.cells.items():
            if cell.proof is Proof.NONE:
                lines.append(
                    _line(name, f"`{target}`", f"`{cell.code}`", _node(cell), _said(cell))
                )
    return "\n".join(lines) + "\n"


def _node(cell: Cell) -> str:
    return f"`{cell.node}`" if cell.node else ""


def _said(cell: Cell) -> str:
    return _plain(cell.reason)


def _plain(reason: str | None) -> str:
    plain = " ".join((reason or "").split()).replace("|", "\\|").replace("<", "&lt;")
    return plain.replace("*", "\\*").replace("_", "\\_").replace("[", "\\[")


def pairs() -> str:
    """Weights from one framework into a model of the other: of each pair, both ways."""
    trials = kept.read().pairs
    ways = [f"{way}: {what}" for way in ("to PyTorch", "to Keras") for what in ("mapped", "error")]
    lines: list[str] = []
    for family in dict.fromkeys(each.family for each in trials.values()):
        lines += ["", f"**{family}**", "", *_head("architecture", [*ways, "least sure"])]
        for name, each in trials.items():
            if each.family == family:
                both = (each.to_pytorch, each.to_keras)
                sure = min(way.least or 0.0 for way in both)
                cells = [cell for way in both for cell in _carried(way)]
                lines.append(_line(name, *cells, f"{sure:.2f}"))
    good = sum(each.passed for each in trials.values())
    lines += ["", f"{good} of {len(trials)} pairs map completely and agree both ways.", ""]
    for name, each in trials.items():
        for way, found in (("to PyTorch", each.to_pytorch), ("to Keras", each.to_keras)):
            if found.code:
                lines.append(f"- {name}, {way}, `{found.code}`: {_plain(found.reason)}")
    return "\n".join(lines) + "\n"


def _carried(found: Carried) -> Iterator[str]:
    yield f"{found.mapped} of {found.variables}"
    yield f"{found.max_rel:.0e}" if found.max_rel is not None else "**no**"


def backend() -> str:
    """Passed cases of ONNX's own, by engine."""
    table = kept.read().backend
    kinds = list(dict.fromkeys(kind for each in table.values() for kind in each.cases))
    lines = list(_head("engine", ("version", "all", *kinds, "failed, refused, died")))
    ordered = sorted(table.items(), key=lambda each: -sum(each[1].passed.values()))
    for name, each in ordered:
        own = each.open is not None
        shown = f"**our importer to {name}**" if own else name
        lines.append(_line(shown, each.version, *_passed(each, kinds), _ended(each)))
    return "\n".join(lines) + "\n"


def _passed(counts: Counts, kinds: list[str]) -> Iterator[str]:
    yield f"{sum(counts.passed.values()):,} of {sum(counts.cases.values()):,}"
    for kind in kinds:
        yield f"{counts.passed.get(kind, 0):,} of {counts.cases.get(kind, 0):,}"


def _ended(counts: Counts) -> str:
    died = counts.statuses.get("crashed", 0) + counts.statuses.get("timeout", 0)
    return f"{counts.statuses.get('failed', 0)}, {counts.statuses.get('refused', 0)}, {died}"


def _head(first: str, others: tuple[str, ...] | list[str]) -> Iterator[str]:
    yield _line(first, *others)
    yield _line(*["---"] * (len(others) + 1))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "coverage-formats": formats,
    "coverage-models": models,
    "coverage-reasons": reasons,
    "coverage-backend": backend,
    "coverage-pairs": pairs,
}
