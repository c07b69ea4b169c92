"""A dozen architectures to the targets that run here: as docs/coverage.json says, and no worse."""

from collections.abc import Iterator

import pytest

from bench.coverage import kept
from bench.coverage.cells import Workshop, workshop
from bench.coverage.rows import TARGETS, Cell, Proof
from bench.coverage.zoo import DOZEN, ZOO

ELSEWHERE = ("coreml", "tensorrt-rtx", "triton")
"""Nothing runs the first two here, and all three have tests of their own."""

CHEAP = tuple(each for each in TARGETS if each not in ELSEWHERE)


@pytest.fixture(scope="module")
def shop() -> Iterator[Workshop]:
    with workshop() as made:
        yield made


@pytest.mark.parametrize("name", DOZEN)
def test_architecture_reaches_what_the_file_says(name: str, shop: Workshop) -> None:
    pinned = kept.read().models[name]
    row = shop.row(name, CHEAP)
    assert row.dynamic or not pinned.dynamic
    for target, cell in row.cells.items():
        before = pinned.cells[target]
        told = f"{name} to {target}: {_told(cell)}; the file says {_told(before)}"
        assert _rank(cell) >= _rank(before), told
        assert _rank(cell) <= _rank(before), f"{told}. Raise the pin: make pin"


def test_the_dozen_is_of_the_zoo() -> None:
    assert len(set(DOZEN)) == 12
    assert set(DOZEN) <= set(ZOO)


def _rank(cell: Cell) -> int:
    return [Proof.NONE, Proof.CONVERTED, Proof.VERIFIED].index(cell.proof)


def _told(cell: Cell) -> str:
    return f"{cell.proof} ({cell.reason})" if cell.reason else cell.proof.value
