"""Deciding: what is refused, and what is left to a run of both models."""

import pytest

from shared.domain.errors import AmbiguousMapping, UnmappedWeights
from workers.transplant.deciding import insist
from workers.transplant.expressions import Read
from workers.transplant.moves import Left, Move, Question, Transfer


def move(name: str, confidence: float) -> Move:
    return Move(name, Read(name), "as it is", confidence, "its place")


def test_little_more_than_an_order_is_enough_where_both_are_run() -> None:
    doubtful = Transfer((move("a", 0.9), move("b", 0.66), move("c", 0.72)))
    insist(doubtful, least=0.0)
    with pytest.raises(AmbiguousMapping, match=r"^b got a value .* \(confidence 0.66\)"):
        insist(doubtful, least=0.72)
    insist(Transfer((move("a", 0.9), move("c", 0.72))), least=0.72)


def test_what_was_left_out_on_purpose_is_not_missed() -> None:
    insist(Transfer((), unread=(Left("step", "a counter", meant=True),)), least=0.0)
    with pytest.raises(UnmappedWeights, match="of the template w: nothing fits"):
        insist(Transfer((), unfilled=(Left("w", "nothing fits"),)), least=0.0)


def test_a_question_is_asked_before_anything_else() -> None:
    asked = Question(("a", "b"), ("x", "y"), "equal names")
    open_ones = (Left("w", "nothing fits"),)
    with pytest.raises(AmbiguousMapping, match="a, b could each be x, y: equal names"):
        insist(Transfer((), unfilled=open_ones, questions=(asked,)), least=0.0)
