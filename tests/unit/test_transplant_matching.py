"""The matcher finds each variable its own, whatever the layers are called."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.held_weights import (
    Arrays,
    Both,
    HeldWeights,
    Maker,
    automatic,
    keras,
    modules,
    named,
    torch,
    without_counters,
)
from workers.transplant.expressions import Read, evaluate
from workers.transplant.matching import match
from workers.transplant.moves import Transfer

WIDTHS = st.sampled_from((5, 7))  # none a multiple of another: nothing looks flattened


@st.composite
def layer(draw: st.DrawFn) -> Both:
    maker = Maker(draw(st.integers(0, 2**31)))
    inputs, outputs, bias = draw(WIDTHS), draw(WIDTHS), draw(st.booleans())
    rank = draw(st.integers(1, 3))
    return draw(
        st.sampled_from(
            (
                lambda: maker.conv(rank, inputs, outputs, bias=bias),
                lambda: maker.conv_transpose(rank, inputs, outputs, bias=True),
                lambda: maker.depthwise(inputs, 2, bias=bias),
                lambda: maker.separable(inputs, outputs),
                lambda: maker.dense(inputs, outputs, bias=bias),
                lambda: maker.embedding(11, outputs),
                lambda: maker.batch_norm(outputs),
                lambda: maker.layer_norm(outputs),
                lambda: maker.lstm(inputs, outputs),
                lambda: maker.simple_rnn(inputs, outputs),
                lambda: maker.gru(inputs, outputs),
                lambda: maker.attention(2, outputs),
            )
        )
    )()


KERAS_NAMES = st.sampled_from(("", "{word}{index}", "block{next}_{word}", "stage{index}/layer"))
TORCH_NAMES = st.sampled_from(("{index}", "features.{index}", "layers.{next}.{word}", "m{index}"))


def made(transfer: Transfer, source: HeldWeights) -> Arrays:
    return {each.target: evaluate(each.value, source.read) for each in transfer.moves}


def holds(found: Arrays, expected: Arrays) -> None:
    for name in without_counters(expected):
        assert name in found, name
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@settings(deadline=None, max_examples=60)
@given(st.lists(layer(), min_size=1, max_size=12), KERAS_NAMES, TORCH_NAMES)
def test_finds_every_variable_its_own_both_ways(layers, own, other):
    left = keras(named(layers, own) if own else automatic(layers))
    right = torch(modules(layers, other))
    forth = match(left, right)
    assert forth.complete, forth
    holds(made(forth, left), right.arrays)
    back = match(right, left)
    assert back.complete, back
    holds(made(back, right), left.arrays)


@settings(deadline=None, max_examples=30)
@given(st.lists(layer(), min_size=1, max_size=8), KERAS_NAMES)
def test_leaves_a_model_that_is_put_into_itself_as_it_is(layers, own):
    model = keras(named(layers, own) if own else automatic(layers))
    other = torch(modules(layers, "{index}"))
    for each in (model, other):
        transfer = match(each, each)
        assert transfer.complete
        assert [move.value for move in transfer.moves] == [
            Read(move.target) for move in transfer.moves
        ]


def test_tells_sorted_names_by_their_numbers():
    maker = Maker(1)
    layers = [maker.dense(8, 8, bias=True) for _ in range(12)]
    arrays = named(layers, "block_{next}/dense")
    left = keras({name: arrays[name] for name in sorted(arrays)}, ordered=False)
    right = torch(modules(layers, "blocks.{index}.fc"))
    transfer = match(left, right)
    assert transfer.complete
    holds(made(transfer, left), right.arrays)


def test_believes_names_that_say_another_order():
    maker = Maker(2)
    layers = [maker.dense(8, 8, bias=False) for _ in range(3)]
    left = keras(named(layers, "{index}/encoder"))
    names = ("query", "key", "value")
    left = keras(
        {f"{n}/kernel": each.keras["kernel"] for n, each in zip(names, layers, strict=True)}
    )
    right = torch(
        {f"{n}.weight": layers[names.index(n)].torch["weight"] for n in ("value", "query", "key")}
    )
    transfer = match(left, right)
    assert transfer.complete
    holds(made(transfer, left), right.arrays)


def test_asks_where_neither_names_nor_order_tell():
    maker = Maker(3)
    layers = [maker.dense(8, 8, bias=True) for _ in range(2)]
    left = keras(
        {
            f"{n}/{leaf}": a
            for n, each in zip("ab", layers, strict=True)
            for leaf, a in each.keras.items()
        },
        ordered=False,
    )
    right = torch(
        {
            f"{n}.{leaf}": a
            for n, each in zip("xy", layers, strict=True)
            for leaf, a in each.torch.items()
        }
    )
    transfer = match(left, right)
    assert not transfer.moves
    (question,) = transfer.questions
    assert set(question.targets) == set(right.arrays)
    assert set(question.sources) == set(left.arrays)


@pytest.mark.parametrize("ordered", [True, False])
def test_tells_the_surplus_of_either_side(ordered):
    maker = Maker(4)
    first, second = maker.dense(8, 4, bias=True), maker.dense(5, 3, bias=True)
    left = keras(automatic([first]), ordered=ordered)
    right = torch(modules([second], "head"))
    transfer = match(left, right)
    assert [each.name for each in transfer.unread] == list(left.arrays)
    assert [each.name for each in transfer.unfilled] == list(right.arrays)
    assert "nearest is head.weight with [3, 5]" in transfer.unread[0].why
    assert "nearest is dense/kernel with [4, 8]" in transfer.unfilled[0].why
    assert not transfer.complete
