"""Mapping files: what their rules settle, and how mistakes are told."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidMapping, UnmappedWeights
from tests.unit.named_weights import pytorch, tensorflow
from workers.transplant.applying import Applied, apply
from workers.transplant.expressions import (
    Difference,
    Join,
    Part,
    Read,
    Reshape,
    Transpose,
    Zeros,
    evaluate,
    shape_of,
)
from workers.transplant.inverting import OneWay, inverted
from workers.transplant.lines import LARGEST
from workers.transplant.mapping_file import loaded

SOURCE = tensorflow(
    {
        "bert/layer_0/query/kernel": (4, 8),
        "bert/layer_0/query/bias": (8,),
        "conv/kernel": (3, 3, 4, 5),
        "lstm/bias": (8,),
        "table": (1, 6, 2),
        "q": (2, 4),
        "k": (2, 4),
        "spare_part": (),
    }
)
TEMPLATE = pytorch(
    {
        "layer.0.query.weight": (8, 4),
        "layer.0.query.bias": (8,),
        "conv.weight": (5, 4, 3, 3),
        "lstm.bias_ih": (8,),
        "lstm.bias_hh": (8,),
        "table": (6, 2),
        "in_proj": (8, 2),
        "steps": (),
    }
)
MAPPING = r"""mapping: 1
from: tensorflow
to: pytorch
prefixes: {source: [bert/, ''], target: [bert., '']}
tables:
  leaf: {kernel: weight}
rules:
  - {source: '@layer_(\d+)/query/(ker.*)', target: '@layer.\1.query.{leaf[\2]}', transpose: [1, 0]}
  - {source: '@layer_(\d+)/query/bias', target: '@layer.\1.query.bias'}
  - source: (.+)/bias
    gates: {axis: 0, order: [0, 2, 1, 3]}
    target: \1.bias_ih
  - {zeros: template, target: (.+).bias_hh}
  - {source: conv/kernel, target: conv.weight, transpose: [3, 2, 0, 1]}
  - {source: table, target: table, reshape: [axis 1, -1]}
  - {join: {axis: 1, of: [q, k]}, transpose: [1, 0], target: in_proj}
  - {skip: spare_part, why: a counter}
  - {keep: steps}
"""


def settled(text: str) -> Applied:
    return apply(loaded(text), SOURCE, TEMPLATE)


def test_every_kind_of_rule() -> None:
    applied = settled(MAPPING)
    bias = Read("lstm/bias")
    assert {each.target: each.value for each in applied.moves} == {
        "layer.0.query.weight": Transpose(Read("bert/layer_0/query/kernel"), (1, 0)),
        "layer.0.query.bias": Read("bert/layer_0/query/bias"),
        "conv.weight": Transpose(Read("conv/kernel"), (3, 2, 0, 1)),
        "lstm.bias_ih": Join(tuple(Part(bias, 0, each, 4) for each in (0, 2, 1, 3)), 0),
        "lstm.bias_hh": Zeros((8,)),
        "table": Reshape(Read("table"), (6, -1)),
        "in_proj": Transpose(Join((Read("q"), Read("k")), 1), (1, 0)),
    }
    assert [each.target for each in applied.moves] == list(TEMPLATE.variables)[:-1]
    assert [(each.name, each.why) for each in applied.skipped] == [("spare_part", "a counter")]
    assert [each.name for each in applied.kept] == ["steps"]
    assert applied.transfer().complete


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[3, 2, 0, 1]", "[2, 3, 0, 1]",
         r"rule 5 .*'conv.weight' is \[5, 4, 3, 3\] .* makes \[4, 5, 3, 3\] of 'conv/kernel' \[3"),
        ("[3, 2, 0, 1]", "[3, 2, 0]", r"rule 5 \(line 14\): the axes"),
        ("[3, 2, 0, 1]", "[3, 2, 0, one]", r"rule 5 \(line 14\): transpose: .*integer"),
        ("[3, 2, 0, 1]", "'OIHW'", r"rule 5 \(line 14\): transpose: a list is wanted"),
        (", transpose: [3", ", transpoze: [3", r"rule 5 \(line 14\): there is no key 'transpoze'"),
        ("target: conv.weight, ", "", r"rule 5 \(line 14\): a rule has either 'target' or"),
        ("source: conv/kernel", "source: konv/kernel", "has no variable 'konv/kernel'; near it"),
        ("target: conv.weight", "target: conv.wait", "template has no variable 'conv.wait'; near"),
        (r"\1.bias_ih", "table", "rule 3 .*'table' is"),
        (r"\1.bias_ih", r"\2.bias_ih", r"takes from group 2, and '\(.\+\)/bias' has 1"),
        ("leaf[", "leave[", "there is no table 'leave'"),
        ("kernel: weight", "colonel: weight", r"rule 1 \(line 8\): the table leaf has no row"),
        ("kernel: weight", "kernel: 1.0", "line 6: kernel: a text is wanted: put it into quotes"),
        ("skip: spare_part", "skip: spare_parts", "has no variable 'spare_parts'; near it"),
        ("keep: steps", "keep: stops", "the template has no variable 'stops'"),
        ("keep: steps", "keep: steps, target: a", "beside 'keep' stand 'why' and 'meant' only"),
        ("keep: steps", "keep: &a steps", "line 18: anchors and aliases"),
        ("gates: {axis: 0, order: [0, 2, 1, 3]}", "gates: {axis: 0, order: [0, 2, 2, 3]}",
         r"rule 3 \(line 11\): gates: the order \[0, 2, 2, 3\]"),
        ("gates: {axis: 0, order: [0, 2, 1, 3]}", "gates: {axis: 0, order: [0, 2, 1]}",
         r"\[8\] has no part 1 of 3 along axis 0"),
        ("gates: {axis: 0,", "gates: {axes: 0,", r"rule 3 \(line 11\): there is no key 'axes'"),
        ("of: [q, k]", "of: [q]", r"rule 7 .*'in_proj' is \[8, 2\] .* makes \[4, 2\] of 'q'"),
        ("of: [q, k]", "of: [q, table]", "cannot be joined along axis 1"),
        ("reshape: [axis 1, -1]", "reshape: [axis 5, -1]", r"\[1, 6, 2\] has no axis 5"),
        ("reshape: [axis 1, -1]", "squeeze: 1", r"axis 1 of \[1, 6, 2\] has not length 1"),
        ("(.+)/bias", "(.+/bias", r"rule 3 .* cannot be read from character 1 on"),
        ("mapping: 1", "mapping: 2", "line 1: mapping: Input should be 1"),
        ("mapping: 1\n", "", "line 1: 'mapping' is missing"),
        ("to: pytorch", "to: pytorch\nto: pytorch", "line 4: 'to' stands here a second time"),
        ("to: pytorch", 'to: "\\d"', "line 3: .*use single quotes or none"),
        ("rules:", "roles:", "line 8: there is no key 'roles' here"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_place(old: str, new: str, told: str) -> None:
    assert old in MAPPING
    with pytest.raises(InvalidMapping, match=told):
        settled(MAPPING.replace(old, new))


def test_two_sources_of_one_variable_are_refused() -> None:
    text = MAPPING + "  - {source: k, transpose: [1, 0], target: conv.weight}\n"
    source = tensorflow({**SOURCE.shapes, "k": (2, 4)})
    template = pytorch({**TEMPLATE.shapes, "conv.weight": (4, 2)})
    text = text.replace(
        "{source: conv/kernel, target: conv.weight, transpose: [3, 2, 0, 1]}",
        "{source: q, transpose: [1, 0], target: conv.weight}",
    )
    with pytest.raises(InvalidMapping, match=r"10 .*second time: from 'k' .*rule 5 .*'q'"):
        apply(loaded(text), source, template)


def test_a_value_of_ever_more_parts_is_refused() -> None:
    value = "a"
    for _ in range(5):
        value = f"{{source: {value}, gates: {{axis: 0, order: {list(range(32))}}}}}"
    rules = f"rules: [{{source: {value}, target: b}}]"
    with pytest.raises(InvalidMapping, match=r"rule 1 .* one value is made of 33,554,432 parts"):
        loaded(f"{{mapping: 1, from: tensorflow, to: pytorch, {rules}}}")


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("  - {skip: spare_part, why: a counter}\n", "no rule takes 'spare_part' of the source"),
        ("  - {keep: steps}\n", "no rule makes 'steps' of the template"),
    ],
)
def test_what_no_rule_names_is_refused_or_matched(rule: str, told: str) -> None:
    text = MAPPING.replace(rule, "")
    with pytest.raises(UnmappedWeights, match=told):
        settled(text)
    assert settled(text + "rest: match\n").match_rest


def test_without_a_template_the_rules_name_the_targets() -> None:
    text = """{mapping: 1, from: tensorflow, to: pytorch, rules: [
      {source: '(.+)/w', target: '\\1.weight', transpose: [1, 0]}, {keep: 'steps'}]}"""
    applied = apply(loaded(text), tensorflow({"a/w": (1, 2), "b/w": (3, 4)}), None)
    assert [each.target for each in applied.moves] == ["a.weight", "b.weight"]
    with pytest.raises(UnmappedWeights, match="no rule takes 'a/b'"):
        apply(loaded(text), tensorflow({"a/w": (1, 2), "a/b": (3, 4)}), None)
    with pytest.raises(InvalidMapping, match="take the mapping of the other direction"):
        apply(loaded(text), pytorch({"a.w": (1, 2)}), None)


def test_a_rule_whose_target_is_missing_leaves_the_variable_to_a_later_one() -> None:
    rules = "[{source: a, target: x}, {source: '(a)', target: y}]"
    text = f"{{mapping: 1, from: tensorflow, to: pytorch, rules: {rules}}}"
    applied = apply(loaded(text), tensorflow({"a": (1,)}), pytorch({"y": (1,)}))
    assert [each.target for each in applied.moves] == ["y"]
    assert not applied.skipped


def test_a_pattern_that_matches_nothing_is_noted() -> None:
    applied = settled(MAPPING + "  - {source: 'nothing(.*)', target: 'x\\1'}\n")
    assert applied.notes == ("rule 10 (line 19) matches no variable",)


def test_a_mapping_leads_back() -> None:
    text = r"""
mapping: 1
from: tensorflow
to: pytorch
prefixes: {source: [net/], target: ['']}
tables: {norm: {gamma: weight, beta: bias}}
rules:
  - {source: '@block_(\d{3})/norm/(gamma|beta)', target: '@h.{\1-1}.norm.{norm[\2]}'}
  - {source: '@block_(\d{3})/(q|k)/w', target: '@h.{\1-1}.\2.w', transpose: [2, 0, 1]}
  - {source: '(.+)/qkv', split: {axis: 1, into: ['\1.q', '\1.k', '\1.v']}, transpose: [1, 0]}
  - join: {axis: 0, of: [{source: '(.+)/up', squeeze: 0}, {source: '\1/gate', squeeze: 0}]}
    target: \1.both
    gates: {axis: 0, order: [2, 0, 1]}
  - {source: wte, target: wte, also: head}
  - {skip: '(.+)/Adam'}
"""
    shapes = {
        "net/block_001/norm/gamma": (2,),
        "net/block_012/norm/beta": (2,),
        "net/block_012/k/w": (2, 3, 4),
        "att/qkv": (2, 9),
        "mlp/up": (1, 3, 2),
        "mlp/gate": (1, 3, 2),
        "wte": (5, 2),
    }
    mapping, source = loaded(text), tensorflow(shapes)
    there = apply(mapping, tensorflow({**shapes, "x/Adam": (1,)}), None)
    made = {each.target: shape_of(each.value, shapes) for each in there.moves} | {"head": (5, 2)}
    assert set(made) == {
        "h.0.norm.weight", "h.11.norm.bias", "h.11.k.w", "att.q", "att.k", "att.v", "mlp.both",
        "wte", "head",
    }  # fmt: skip
    back = apply(inverted(mapping), pytorch(made), source)
    assert {each.target: shape_of(each.value, made) for each in back.moves} == shapes
    assert [each.name for each in back.skipped] == ["head"]
    again = apply(inverted(inverted(mapping)), source, None)
    made.pop("head")
    assert {each.target: each.value for each in again.moves} == {
        each.target: each.value for each in there.moves if each.target in made
    }


@pytest.mark.parametrize(
    "rule",
    [
        "{source: a, target: b, reshape: [-1]}",
        "{source: 'a(.+)', target: b}",
        "{sum: [a, b], target: c}",
        "{difference: [a, b], transpose: [1, 0], target: c}",
        "{source: '(a|b)', target: '{one[\\1]}'}",
    ],
)
def test_what_cannot_be_turned_round_is_not(rule: str) -> None:
    head = "mapping: 1, from: tensorflow, to: pytorch, tables: {one: {a: c, b: c}}"
    with pytest.raises(OneWay, match=r"rule 1 .*has no way back"):
        inverted(loaded(f"{{{head}, rules: [{rule}]}}"))


FOLDED = r"""
mapping: 1
from: tensorflow
to: pytorch
rules:
  - {difference: ['(.+)/norm/mean', '\1/conv/bias'], target: '\1.mean'}
"""


def test_what_is_subtracted_comes_back_as_zeros() -> None:
    shapes = {"a/norm/mean": (3,), "a/conv/bias": (3,)}
    mapping = loaded(FOLDED)
    (there,) = apply(mapping, tensorflow(shapes), None).moves
    assert there.value == Difference((Read("a/norm/mean"), Read("a/conv/bias")))
    arrays = {"a/norm/mean": np.array([5.0, 6, 7]), "a/conv/bias": np.array([1.0, -2, 0])}
    assert list(evaluate(there.value, arrays.__getitem__)) == [4, 8, 7]
    assert list(arrays["a/norm/mean"]) == [5, 6, 7]
    turned, source = inverted(mapping), pytorch({"a.mean": (3,)})
    back = apply(turned, source, None)
    assert {each.target: each.value for each in back.moves} == {
        "a/conv/bias": Zeros((3,)),
        "a/norm/mean": Read("a.mean"),
    }
    alone = apply(turned, source, tensorflow({"a/norm/mean": (3,)}))
    assert [each.target for each in alone.moves] == ["a/norm/mean"]
    with pytest.raises(InvalidMapping, match="cannot be added or subtracted"):
        apply(mapping, tensorflow({**shapes, "a/conv/bias": (4,)}), None)
    with pytest.raises(InvalidMapping, match="the source has no variable 'a/conv/bias'"):
        apply(mapping, tensorflow({"a/norm/mean": (3,)}), None)


def test_weights_that_do_not_fit_a_family_are_told_so_by_its_name() -> None:
    family = loaded(
        "{mapping: 1, from: tensorflow, to: pytorch, family: towers,"
        " rules: [{source: {difference: [a, b]}, target: c}]}"
    )
    with pytest.raises(
        InvalidMapping, match=r"do not fit the family 'towers': rule 1 .*'b'"
    ) as told:
        apply(family, tensorflow({"a": (2,)}), None)
    assert told.value.fault.field == "options.mapping"


def test_a_star_in_a_prefix_is_one_scope() -> None:
    head = "mapping: 1, from: tensorflow, to: pytorch"
    prefixes = "prefixes: {source: [bert/, '*/bert/'], target: ['', '*.']}"
    mapping = loaded(f"{{{head}, {prefixes}, rules: [{{source: '@(\\w+)', target: '@\\1'}}]}}")
    for name in ("bert/a", "my_model_3/bert/a"):
        source = tensorflow({name: (2,)})
        assert [each.target for each in apply(mapping, source, None).moves] == ["a"]
        wrapped = apply(mapping, source, pytorch({"model.a": (2,)}))
        assert [each.target for each in wrapped.moves] == ["model.a"]
    with pytest.raises(UnmappedWeights, match="no rule takes 'one/two/bert/a'"):
        apply(mapping, tensorflow({"one/two/bert/a": (2,)}), None)


@pytest.mark.parametrize(("prefix", "told"), [("'*'", "one scope"), ("'*/'", "has no '\\*'")])
def test_a_star_stands_before_the_end_of_a_scope_and_never_alone(prefix: str, told: str) -> None:
    head = "mapping: 1, from: tensorflow, to: pytorch"
    with pytest.raises(InvalidMapping, match=told):
        loaded(f"{{{head}, prefixes: {{source: [{prefix}]}}, rules: []}}")


def test_what_is_too_large_or_too_deep_is_refused() -> None:
    with pytest.raises(InvalidMapping, match="characters"):
        loaded("a" * (LARGEST + 1))
    with pytest.raises(InvalidMapping, match="levels deep"):
        loaded("[" * 100_000)


@given(st.one_of(st.text(max_size=60), st.text("{}[]:,-'\"&*!|>#\n a1", max_size=60)))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidMapping):
        loaded(text)


@given(st.integers(0, len(MAPPING)), st.text(max_size=3), st.integers(0, 6))
def test_a_damaged_mapping_is_followed_or_refused(at: int, text: str, lost: int) -> None:
    with suppress(InvalidMapping, UnmappedWeights):
        settled(MAPPING[:at] + text + MAPPING[at + lost :])
