"""A transfer, saved as a mapping file, leads to the same transfer."""

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.named_weights import NamedWeights, pytorch, tensorflow
from workers.transplant.applying import apply
from workers.transplant.expressions import (
    Difference,
    Expression,
    Join,
    Ones,
    Part,
    Read,
    Reshape,
    Shape,
    Sum,
    Transpose,
    Zeros,
    names,
    shape_of,
)
from workers.transplant.mapping_file import loaded
from workers.transplant.moves import Left, Move, Question, Transfer
from workers.transplant.saving import saved
from workers.weights.variables import Framework

NAMES = st.one_of(
    st.from_regex(r"[a-z]{1,4}_?[0-9]{0,2}(/[a-z]{1,3}[0-9]{0,3}){0,2}/kernel", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12),
)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)
GATES = 6
OIHW = (3, 2, 0, 1)
SHAPES = st.lists(st.integers(1, 6), max_size=3).map(tuple)


@st.composite
def values(draw: st.DrawFn, shapes: dict[str, Shape]) -> Expression:
    """A source's variable, changed up to four times."""
    value: Expression = Read(draw(st.sampled_from(sorted(shapes))))
    for _ in range(draw(st.integers(0, 4))):
        value = _changed(draw, value, shape_of(value, shapes))
    return value


def _changed(draw: st.DrawFn, value: Expression, shape: Shape) -> Expression:
    axis = draw(st.integers(0, len(shape) - 1)) if shape else None
    kinds = ["transpose", "reshape", "sum", "bias", "difference"]
    kind = draw(st.sampled_from(kinds + ["part", "gates", "join"] * (axis is not None)))
    if kind == "transpose" or axis is None:
        return Transpose(value, tuple(draw(st.permutations(range(len(shape))))))
    if kind == "part":
        return Part(value, axis, draw(st.integers(0, shape[axis] - 1)), shape[axis])
    if kind == "gates" and shape[axis] <= GATES:
        order = draw(st.permutations(range(shape[axis])))
        return Join(tuple(Part(value, axis, each, shape[axis]) for each in order), axis)
    others: dict[str, Expression] = {
        "reshape": Reshape(value, (-1,)),
        "sum": Sum((value, value)),
        "bias": Sum((value, Zeros(shape))),
        "difference": Difference((value, Zeros(shape), value)),
        "join": Join((value, Ones(shape)), axis),
    }
    return others.get(kind, value)


@st.composite
def transfers(draw: st.DrawFn) -> tuple[NamedWeights, NamedWeights, Transfer]:
    sources = draw(st.dictionaries(NAMES, SHAPES, min_size=1, max_size=12))
    made = draw(st.dictionaries(NAMES, values(sources), max_size=12))
    more = draw(st.lists(NAMES.filter(lambda name: name not in made), unique=True, max_size=4))
    read = {name for each in made.values() for name in names(each)}
    left = [Left(name, draw(WORDS), draw(st.booleans())) for name in sources if name not in read]
    unfilled = [Left(name, draw(WORDS), draw(st.booleans())) for name in more[1:]]
    asked = [Question((name,), (draw(NAMES),), draw(WORDS)) for name in more[:1]]
    targets = {name: shape_of(value, sources) for name, value in made.items()}
    targets |= dict.fromkeys(more, (3,))
    moves = tuple(
        Move(name, value, "", draw(st.floats(0, 1)), draw(WORDS)) for name, value in made.items()
    )
    notes = draw(st.lists(WORDS, max_size=2))
    return (
        tensorflow(sources),
        pytorch(targets),
        Transfer(moves, tuple(left), tuple(unfilled), tuple(asked), tuple(notes)),
    )


def what_counts(transfer: Transfer) -> Transfer:
    """Without what a file says in comments: whoever applies it has decided."""
    moves = tuple(replace(e, words="", confidence=1.0, because="") for e in transfer.moves)
    return replace(transfer, moves=moves)


def test_a_name_that_holds_ends_of_lines_is_kept() -> None:
    name = " \x85 \u2028 a\n b\t"
    text = saved(Transfer((Move(name, Read(name), "", 1.0, ""),)), Framework.TENSORFLOW)
    applied = apply(loaded(text), tensorflow({name: (1,)}), pytorch({name: (1,)}))
    assert [each.target for each in applied.moves] == [name]


@settings(max_examples=80, deadline=None)
@given(transfers())
def test_a_saved_transfer_is_the_transfer(
    given_: tuple[NamedWeights, NamedWeights, Transfer],
) -> None:
    source, target, transfer = given_
    text = saved(transfer, Framework.TENSORFLOW)
    again = apply(loaded(text), source, target).transfer()
    assert what_counts(again) == what_counts(transfer), text


def test_layers_that_repeat_are_one_rule() -> None:
    moves = [
        Move(
            f"layer{stage}.{block}.conv.weight", Transpose(Read(name), (3, 2, 0, 1)), "", 0.9, "x"
        )
        for stage in (1, 2)
        for block in range(12)
        for name in [f"conv{stage + 1}_block{block + 1:02}/kernel"]
    ]
    text = saved(Transfer(tuple(moves)), Framework.TENSORFLOW, about="a network of mine")
    assert re.findall(r"source: .*|target: .*", text) == [
        r"source: conv(\d+)_block(\d+)/kernel",
        r"target: layer{\1-1}.{\2-1}.conv.weight",
    ]
    source = tensorflow({name: (1, 1, 2, 3) for e in moves for name in names(e.value)})
    target = pytorch({each.target: (3, 2, 1, 1) for each in moves})
    assert what_counts(apply(loaded(text), source, target).transfer()).moves == tuple(
        replace(each, confidence=1.0, because="") for each in moves
    )


def test_no_pattern_catches_a_variable_of_another_kind() -> None:
    moves = [Move(f"b.{i}", Read(f"a/{i}"), "", 1.0, "") for i in range(3)]
    text = saved(Transfer(tuple(moves), (Left("a/3", "a counter"),)), Framework.TENSORFLOW)
    assert "(" not in text
    assert "skip: a/3" in text


def test_a_doubt_is_told_beside_its_rule() -> None:
    move = Move("b", Read("a"), "", 0.5, "shape alone\n- keep: b")
    assert "  # 0.50: shape alone - keep: b\n" in saved(Transfer((move,)), Framework.TENSORFLOW)
