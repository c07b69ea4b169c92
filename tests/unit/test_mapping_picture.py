"""The picture of a mapping: well-formed, every variable in it, and what is open in red."""

from typing import Any
from xml.etree import ElementTree as ET

from tests.unit.named_weights import pytorch, tensorflow
from workers.transplant.expressions import Read, Transpose
from workers.transplant.moves import Left, Move, Question, Transfer
from workers.transplant.picture import FILLS, svg
from workers.transplant.picture_rows import PARTS, State
from workers.transplant.report import report

SVG = "{http://www.w3.org/2000/svg}"


def drawn(transfer: Transfer, sources: dict[str, Any], targets: dict[str, Any]) -> ET.Element:
    told = report(transfer, tensorflow(sources), pytorch(targets))
    return ET.fromstring(svg(told))  # noqa: S314 - our own


def test_every_variable_and_every_line() -> None:
    moves = (
        Move("fc.weight", Transpose(Read("dense/kernel"), (1, 0)), "IO → OI", 0.95, "names"),
        Move("fc.bias", Read("dense/bias"), "as it is", 0.5, "the only <one>"),
    )
    transfer = Transfer(
        moves,
        (Left("dense/<odd>\x00", "no one & nothing"), Left("steps", "a counter", meant=True)),
        (Left("fc.extra", "nothing fits"),),
        (Question(("a",), ("b",), "alike"),),
    )
    sources = {"dense/kernel": (2, 3), "dense/bias": (3,), "dense/<odd>\x00": (), "steps": ()}
    targets = {"fc.weight": (3, 2), "fc.bias": (3,), "fc.extra": (1,), "a": (1,)}
    picture = drawn(transfer, sources | {"b": (1,)}, targets)
    texts = {each.text: each for each in picture.iter(f"{SVG}text")}
    assert {"kernel", "2 x 3", "weight", "3 x 2", "<odd>", "IO → OI"} <= set(texts)
    assert texts["<odd>"].get("fill") == FILLS[State.OPEN][1]
    assert texts["extra"].get("fill") == FILLS[State.OPEN][1]
    assert texts["steps"].get("fill") == FILLS[State.LEFT][1]
    assert texts["a"].get("fill") == FILLS[State.ASKED][1]
    lines = [each for each in picture.iter(f"{SVG}path") if len(each)]
    assert [each.get("stroke") for each in lines] == ["#1a7f37", "#bc4c00"]
    assert "the only <one>" in (lines[1][0].text or "")


def test_large_models_are_drawn_by_their_parts() -> None:
    names = [f"net/block_{block}/dense_{layer}" for block in range(30) for layer in range(9)]
    sources: dict[str, Any] = {f"{name}/kernel": (2, 2) for name in names}
    targets = {name.replace("/", "."): (2, 2) for name in sources}
    moves = tuple(
        Move(target, Read(name), "as it is", 1.0, "")
        for name, target in zip(sources, targets, strict=True)
    )
    picture = drawn(Transfer(moves), sources, targets)
    texts = [each.text for each in picture.iter(f"{SVG}text")]
    assert texts.count("9 variables") == 60
    assert float(picture.get("height", "0")) < 200 + 20 * PARTS


def test_a_model_of_many_parts_ends_with_their_number() -> None:
    sources: dict[str, Any] = {f"part_{part}/kernel": (1,) for part in range(500)}
    lefts = tuple(Left(name, "nothing fits") for name in sources)
    picture = drawn(Transfer((), lefts), sources, {})
    texts = {each.text: each.get("fill") for each in picture.iter(f"{SVG}text")}
    assert texts[f"and {500 - PARTS} more"] == FILLS[State.OPEN][1]
