"""A transfer is carried one variable at a time, read back bit for bit, and told whole."""

import json
from dataclasses import dataclass, field

import numpy as np
import pytest

from shared.domain.errors import StepRefused
from tests.unit.held_weights import Arrays, Maker, automatic, keras, modules, torch
from workers.transplant.carrying import carry, compare, made
from workers.transplant.expressions import Join, Part, Read
from workers.transplant.matching import match
from workers.transplant.report import report, told
from workers.weights.variables import Array


@dataclass
class HeldSink:
    written: Arrays = field(default_factory=dict)

    def write(self, name: str, array: Array) -> None:
        self.written[name] = np.array(array)


def silent(message: str, *, progress: float | None = None) -> None:
    assert message
    assert progress is None or 0 <= progress <= 1


@pytest.fixture
def pair():
    maker = Maker(7)
    layers = [maker.conv(2, 3, 5, bias=True), maker.lstm(5, 7), maker.gru(7, 5)]
    return keras(automatic(layers)), torch(modules(layers, "{index}"))


def test_carries_every_variable_and_finds_it_again(pair):
    source, target = pair
    transfer = match(source, target)
    sink = HeldSink()
    carry(transfer, source, sink, silent)
    assert compare(transfer, source, torch(sink.written)) == len(target.arrays)
    for name, expected in target.arrays.items():
        np.testing.assert_array_equal(sink.written[name], expected)


def test_names_the_variable_of_which_one_bit_differs(pair):
    source, target = pair
    transfer = match(source, target)
    sink = HeldSink()
    carry(transfer, source, sink, silent)
    sink.written["1.bias_hh_l0"][3] = -0.0
    with pytest.raises(StepRefused, match=r"1\.bias_hh_l0") as caught:
        compare(transfer, source, torch(sink.written))
    assert caught.value.fault.node == "1.bias_hh_l0"


def test_names_the_variable_that_is_missing(pair):
    source, target = pair
    transfer = match(source, target)
    with pytest.raises(StepRefused, match=r"0\.weight"):
        compare(transfer, source, torch({}))


def test_knows_the_same_nan_and_the_cast(pair):
    source, target = pair
    source.arrays["conv2d/bias"][0] = np.nan
    transfer = match(source, target)
    sink = HeldSink()
    carry(transfer, source, sink, silent)
    halves = {name: each.astype(np.float16) for name, each in sink.written.items()}
    assert compare(transfer, source, torch(halves)) == len(target.arrays)


def test_reads_a_variable_once_for_all_its_parts():
    reads = []

    def read(name):
        reads.append(name)
        return np.arange(6)

    parts = tuple(Part(Read("a"), 0, index, 3) for index in (1, 0, 2))
    np.testing.assert_array_equal(made(Join(parts, 0), read), [2, 3, 0, 1, 4, 5])
    assert reads == ["a"]


def test_reports_every_variable_of_both_sides(pair):
    source, target = pair
    transfer = match(source, target)
    said = json.loads(json.dumps(report(transfer, source, target)))
    assert said["complete"]
    assert [each["name"] for each in said["target"]] == list(target.arrays)
    assert [each["name"] for each in said["source"]] == list(source.arrays)
    assert said["target"][0]["from"] == ["conv2d/kernel"]
    assert said["target"][0]["how"] == "HWIO → OIHW"
    assert said["source"][0]["to"] == ["0.weight"]
    assert "HWIO → OIHW" in told(transfer)


def test_reports_why_a_variable_went_nowhere():
    maker = Maker(8)
    source = keras(automatic([maker.dense(8, 4, bias=False)]))
    target = torch(modules([maker.dense(5, 3, bias=False)], "head"))
    transfer = match(source, target)
    said = report(transfer, source, target)
    assert not said["complete"]
    assert said["open"] == 2
    assert said["target"][0]["why"] == transfer.unfilled[0].why
    assert "unread, of the source: dense/kernel" in told(transfer)
