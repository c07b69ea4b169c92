"""Carrying: a transfer done, one variable at a time, and what was written read back."""

from collections.abc import Callable
from typing import Final, Protocol

from shared.domain.errors import StepRefused
from workers.transplant.expressions import Expression, evaluate
from workers.transplant.moves import Transfer
from workers.weights.variables import Array, Sink, Weights

FIRST, LAST = 0.1, 0.75
"""Of a step's progress, what carrying takes."""

OFTEN: Final = 50  # variables between two words of progress


class Say(Protocol):
    """How a step tells what it is doing."""

    def __call__(self, message: str, /, *, progress: float | None = None) -> None: ...


def carry(transfer: Transfer, source: Weights, sink: Sink, say: Say) -> None:
    """Write every variable that has a move.

    One is held at a time: as it is read and, where parts of it are put together anew, as it is
    written. The sink casts and lays out in pieces.

    Raises:
        InvalidModel: a variable of the source could not be read.
        StepRefused: the sink cannot hold a value.
    """
    count = len(transfer.moves)
    for index, move in enumerate(transfer.moves):
        if index % OFTEN == 0:
            say(
                f"carrying variable {index + 1} of {count}: {move.target}",
                progress=FIRST + (LAST - FIRST) * index / count,
            )
        sink.write(move.target, made(move.value, source.read))


def made(value: Expression, read: Callable[[str], Array]) -> Array:
    """The array of an expression, with each variable read once however often it is named."""
    held: dict[str, Array] = {}

    def once(name: str) -> Array:
        if name not in held:
            held[name] = read(name)
        return held[name]

    return evaluate(value, once)


def compare(transfer: Transfer, source: Weights, written: Weights) -> int:
    """Read back every variable that has a move, and hold it bit for bit, after the cast, against
    what it should be made of. Returns how many there were.

    Raises:
        InvalidModel: a variable could not be read.
        StepRefused: one is missing, or differs; names it.
    """
    for move in transfer.moves:
        found = written.variables.get(move.target)
        if found is None:
            raise StepRefused(
                f"{move.target!r} was written and is not in the result.", node=move.target
            )
        expected = made(move.value, source.read)
        if expected.shape != found.shape:
            raise StepRefused(
                f"{move.target!r} was written with the shape {list(expected.shape)}, and the "
                f"result has {list(found.shape)}.",
                node=move.target,
            )
        if not _same(move.target, expected, found.dtype, written.read(move.target)):
            raise StepRefused(
                f"{move.target!r} was read back from the result and differs from what was "
                "written.",
                node=move.target,
            )
    return len(transfer.moves)


def _same(name: str, expected: Array, dtype: str, found: Array) -> bool:
    """Bit for bit, so that NaN is NaN; in pieces, so that no further copy is made of either."""
    import numpy as np

    from workers.weights.pieces import pieces

    return all(
        np.array_equal(_bits(piece), _bits(np.ascontiguousarray(found[place])))
        for place, piece in pieces(name, expected, dtype)
    )


def _bits(piece: Array) -> Array:
    bits: Array = piece.reshape(-1).view("uint8")
    return bits
