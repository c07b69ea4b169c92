"""The table that the documents show: whole, and drawn from what was run."""

from collections.abc import Mapping
from pathlib import Path

from bench.coverage import kept
from bench.coverage.backend import ENGINES
from bench.coverage.drawing import PARTS
from bench.coverage.formats import pairs
from bench.coverage.rows import TARGETS
from bench.coverage.zoo import ZOO

ALWAYS = frozenset({"onnx", "pt2", "pytorch", "savedmodel", "tflite", "openvino", "ort"})
"""Targets that every line tells of; the others take a GPU's library or run nowhere here."""


def test_sixty_architectures_have_a_line_and_all_that_runs_here_a_cell() -> None:
    rows = kept.read().models
    assert len(rows) >= 60
    assert set(rows) <= set(ZOO)
    for name, row in rows.items():
        assert ALWAYS - {row.source} <= set(row.cells) <= {*TARGETS} - {row.source}, name


def test_every_engine_ran_all_cases() -> None:
    table = kept.read().backend
    assert set(table) == set(ENGINES)
    assert {sum(each.cases.values()) for each in table.values()} == {2027}


def test_every_part_can_be_drawn() -> None:
    assert all(draw().startswith(("|", "\n")) for draw in PARTS.values())


def test_the_planner_still_goes_the_ways_of_the_file(tmp_path: Path) -> None:
    told, found = kept.read().formats, pairs(tmp_path)
    assert _routes(found) == _routes(told), "make pin draws the table anew"


def _routes(table: Mapping[str, Mapping[str, kept.Pair]]) -> dict[tuple[str, str], object]:
    return {(one, other): pair.route for one, row in table.items() for other, pair in row.items()}
