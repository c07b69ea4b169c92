"""The report of a transfer: every variable of both sides, and what became of it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from workers.transplant.expressions import names, shape_of
from workers.transplant.moves import Left, Move, Transfer
from workers.weights.variables import Weights

Told = dict[str, Any]

WIDEST = 60  # characters of a column


def report(transfer: Transfer, source: Weights, target: Weights | None) -> Told:
    """The whole of a transfer as JSON can hold it.

    `target` and `source` list every variable of that side with its shape and dtype: those of the
    target with `from`, `how`, `confidence` and `because`, those of the source with `to`; or with
    `why` nothing became of it, and whether that was `meant`. Without a template the target's are
    those that the moves make.
    """
    return {
        "complete": transfer.complete,
        "mapped": len(transfer.moves),
        "open": sum(not each.meant for each in (*transfer.unread, *transfer.unfilled)),
        "least_confidence": min((each.confidence for each in transfer.moves), default=None),
        "target": list(_targets(transfer, source, target)),
        "source": list(_sources(transfer, source)),
        "questions": [
            {"targets": list(each.targets), "sources": list(each.sources), "why": each.why}
            for each in transfer.questions
        ],
        "notes": list(transfer.notes),
    }


def _targets(transfer: Transfer, source: Weights, target: Weights | None) -> Iterator[Told]:
    moves = {each.target: each for each in transfer.moves}
    lefts = {each.name: each for each in transfer.unfilled}
    asked = {name for each in transfer.questions for name in each.targets}
    if target is None:
        shapes = {name: each.shape for name, each in source.variables.items()}
        for each in transfer.moves:
            yield {"name": each.target, "shape": list(shape_of(each.value, shapes))} | _made(each)
        return
    for name, variable in target.variables.items():
        told: Told = {"name": name, "shape": list(variable.shape), "dtype": variable.dtype}
        if name in moves:
            yield told | _made(moves[name])
        else:
            yield told | _left(lefts.get(name), asked=name in asked)


def _made(move: Move) -> Told:
    return {
        "from": list(dict.fromkeys(names(move.value))),
        "how": move.words,
        "confidence": move.confidence,
        "because": move.because,
    }


def _sources(transfer: Transfer, source: Weights) -> Iterator[Told]:
    went: Mapping[str, list[str]] = defaultdict(list)
    for move in transfer.moves:
        for name in dict.fromkeys(names(move.value)):
            went[name].append(move.target)
    lefts = {each.name: each for each in transfer.unread}
    asked = {name for each in transfer.questions for name in each.sources}
    for name, variable in source.variables.items():
        told: Told = {"name": name, "shape": list(variable.shape), "dtype": variable.dtype}
        if name in went:
            yield told | {"to": went[name]}
        else:
            yield told | _left(lefts.get(name), asked=name in asked)


def _left(left: Left | None, *, asked: bool) -> Told:
    if left is not None:
        return {"why": left.why, "meant": left.meant}
    why = "one of several: see the questions" if asked else "no rule names it"
    return {"why": why, "meant": False}


def told(transfer: Transfer) -> str:
    """The transfer as text: a table of moves, then what is left and what is asked."""
    rows = [("target", "source", "how", "sure", "because")]
    rows += [
        (
            move.target,
            ", ".join(dict.fromkeys(names(move.value))) or "-",
            move.words,
            f"{move.confidence:.2f}",
            move.because,
        )
        for move in transfer.moves
    ]
    return "\n".join(
        (
            *_table(rows),
            *_lefts("unread, of the source", transfer.unread),
            *_lefts("unfilled, of the target", transfer.unfilled),
            *(
                f"asked: {', '.join(each.targets)} from {', '.join(each.sources)}: {each.why}"
                for each in transfer.questions
            ),
            *(f"note: {each}" for each in transfer.notes),
        )
    )


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    short = [[_short(each) for each in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*short, strict=True)]
    for row in short:
        yield "  ".join(
            each.ljust(width) for each, width in zip(row, widths, strict=True)
        ).rstrip()


def _short(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _lefts(title: str, lefts: Iterable[Left]) -> Iterator[str]:
    for each in lefts:
        yield f"{title}: {each.name}: {each.why}{' (as meant)' if each.meant else ''}"
