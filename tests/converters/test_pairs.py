"""Architectures written in both frameworks: weights go from one to the other, both ways."""

import pytest

from bench.coverage import kept
from bench.pairs.every import EVERY
from bench.pairs.own import OWN
from bench.pairs.pair import Pair
from bench.pairs.trial import Carried
from bench.pairs.trying import tried


@pytest.mark.parametrize("pair", OWN, ids=lambda each: each.name)
def test_weights_of_a_pair_are_carried_both_ways_without_a_mapping(pair: Pair) -> None:
    trial = tried(pair)
    assert trial.passed, f"{_told(trial.to_pytorch)}; {_told(trial.to_keras)}"


def test_twenty_pairs_are_told_of_and_pass() -> None:
    told = kept.read().pairs
    assert list(told) == list(EVERY)
    assert sum(each.passed for each in told.values()) >= 20
    assert {each.family for each in told.values() if each.passed} == {
        each.family for each in EVERY.values()
    }


def test_whatever_does_not_pass_says_why() -> None:
    ways = [way for each in kept.read().pairs.values() for way in (each.to_pytorch, each.to_keras)]
    assert all(way.passed or way.reason for way in ways)


def _told(found: Carried) -> str:
    return f"{found.mapped} of {found.variables}, error {found.max_rel}, {found.reason}"
