"""Picture: a report of a mapping as SVG. Both models in columns, lines for what became of what."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from workers.transplant.picture_rows import Box, Row, State, boxes

WIDTH: Final = 340
GAP: Final = 380
MARGIN: Final = 24
HEAD: Final = 104
ROW: Final = 20
TITLE: Final = 24
BETWEEN: Final = 10
LETTERS: Final = 44  # of a title, at 7 pixels each
LABEL: Final = 26
FONT: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"

SURE: Final = ((0.9, "#1a7f37", "sure"), (0.6, "#9a6700", "likely"), (0.0, "#bc4c00", "doubtful"))
"""From which confidence on, the colour of the line, and how the legend calls it."""

FILLS: Final = {
    State.MAPPED: ("none", "#1f2328"),
    State.LEFT: ("#eaeef2", "#59636e"),
    State.ASKED: ("#fbefff", "#8250df"),
    State.OPEN: ("#ffebe9", "#cf222e"),
}
"""Background and ink of a row."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and the middle of it."""

    row: Row
    y: float


def svg(report: Mapping[str, Any]) -> str:
    """The picture of what `workers.transplant.report.report` tells.

    Up to 90 variables a side each have a row; in larger models a row is a layer or a part. The
    layout change stands at the target's end of a line. Red: nothing became of it; grey: left out
    on purpose; violet: to be decided.
    """
    asked = frozenset(
        name for each in report["questions"] for name in (*each["sources"], *each["targets"])
    )
    left, right = boxes(report["source"], asked), boxes(report["target"], asked)
    columns = (MARGIN, MARGIN + WIDTH + GAP)
    sources, height_left = _placed(left)
    targets, height_right = _placed(right)
    width, height = columns[1] + WIDTH + MARGIN, max(height_left, height_right) + MARGIN
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}" font-size="12">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
        *_head(report, columns),
        *_links(report, sources, targets, columns),
        *_column(left, columns[0]),
        *_column(right, columns[1]),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _head(report: Mapping[str, Any], columns: tuple[int, int]) -> Iterator[str]:
    state = "complete" if report["complete"] else f"{report['open']} open"
    if report["questions"]:
        state += f", {len(report['questions'])} to be decided"
    yield _text(MARGIN, 34, f"{report['mapped']} variables mapped, {state}", size=16, bold=True)
    legend = [*((colour, name) for _, colour, name in SURE)]
    x = float(MARGIN)
    for colour, name in legend:
        yield f'<path d="M{x} 56h22" stroke="{colour}" stroke-width="2" fill="none"/>'
        yield _text(x + 28, 60, name)
        x += 50 + 8 * len(name)
    for state_of, name in (
        (State.LEFT, "left out on purpose"), (State.ASKED, "to be decided"), (State.OPEN, "open"),
    ):  # fmt: skip
        fill, ink = FILLS[state_of]
        yield f'<rect x="{x}" y="48" width="16" height="16" rx="3" fill="{fill}" stroke="{ink}"/>'
        yield _text(x + 22, 60, name, ink=ink)
        x += 44 + 8 * len(name)
    for column, side in zip(columns, ("source", "target"), strict=True):
        count = len(report[side])
        yield _text(column, 92, f"{side}: {count} variables", bold=True, ink="#59636e")


def _placed(column: tuple[Box, ...]) -> tuple[dict[str, Placed], float]:
    found = {}
    y = float(HEAD)
    for box in column:
        y += TITLE if box.title else 0
        for row in box.rows:
            placed = Placed(row, y + ROW / 2)
            found.update(dict.fromkeys(row.names, placed))
            y += ROW
        y += BETWEEN
    return found, y


def _column(column: tuple[Box, ...], x: int) -> Iterator[str]:
    y = float(HEAD)
    for box in column:
        title = TITLE if box.title else 0
        height = title + ROW * len(box.rows)
        yield (
            f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{height}" rx="6" fill="#f6f8fa"'
            ' stroke="#d1d9e0"/>'
        )
        if title:
            yield _text(x + 10, y + 16, _short(box.title), bold=True)
        for index, row in enumerate(box.rows):
            yield from _row(row, x, y + title + ROW * index)
        y += height + BETWEEN


def _row(row: Row, x: int, y: float) -> Iterator[str]:
    fill, ink = FILLS[row.state]
    if fill != "none":
        yield (
            f'<rect x="{x + 4}" y="{y + 1}" width="{WIDTH - 8}" height="{ROW - 2}" rx="3"'
            f' fill="{fill}"/>'
        )
    room = LETTERS - len(row.note) - 2
    yield _text(x + 10, y + 14, _short(row.label, room), ink=ink)
    muted = "#59636e" if row.state is State.MAPPED else ink
    yield _text(x + WIDTH - 10, y + 14, row.note, ink=muted, anchor="end")


def _links(
    report: Mapping[str, Any],
    sources: Mapping[str, Placed],
    targets: Mapping[str, Placed],
    columns: tuple[int, int],
) -> Iterator[str]:
    drawn: dict[tuple[float, float], list[Mapping[str, Any]]] = defaultdict(list)
    for told in report["target"]:
        for name in told.get("from") or ():
            drawn[sources[name].y, targets[told["name"]].y].append(told)
    begin, end = columns[0] + WIDTH, columns[1]
    labels: dict[float, set[str]] = defaultdict(set)
    for (start, stop), told in drawn.items():
        least = min(each["confidence"] for each in told)
        colour = next(ink for bound, ink, _ in SURE if least >= bound)
        middle = (begin + end) / 2 - 80
        title = "\n".join(
            f"{each['name']}: {each['how']} ({each['confidence']:.2f}, {each['because']})"
            for each in told[:20]
        )
        yield (
            f'<path d="M{begin} {start}C{middle} {start} {middle} {stop} {end - 210} {stop}H{end}"'
            f' stroke="{colour}" stroke-width="1.5" fill="none"><title>{_clean(title)}</title>'
            "</path>"
        )
        labels[stop].update(each["how"] for each in told if each["how"] != "as it is")
    for y, words in labels.items():
        if words:
            label = next(iter(words)) if len(words) == 1 else f"{len(words)} layout changes"
            yield from _label(
                end - 8, y, label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"
            )


def _label(x: float, y: float, label: str) -> Iterator[str]:
    width = 7 * len(label) + 8
    yield (
        f'<rect x="{x - width}" y="{y - 8}" width="{width}" height="16" rx="3" fill="#ffffff"'
        ' stroke="#d1d9e0"/>'
    )
    yield _text(x - 4, y + 4, label, anchor="end", size=11, ink="#59636e")


def _text(
    x: float, y: float, text: str, *, size: int = 12, bold: bool = False, ink: str = "#1f2328",
    anchor: str = "start",
) -> str:  # fmt: skip
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{ink}" text-anchor="{anchor}"{weight}>'
        f"{_clean(text)}</text>"
    )


def _clean(text: str) -> str:
    """Without what XML cannot hold."""
    return escape("".join(each for each in text if each.isprintable() or each == "\n"))


def _short(text: str, room: int = LETTERS) -> str:
    """The end of a name says more than its beginning."""
    room = max(4, room)
    return text if len(text) <= room else f"…{text[-room + 1 :]}"
