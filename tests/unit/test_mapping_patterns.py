"""Patterns of a mapping file: what they match, and which are refused for what they might cost."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.transplant.choices import Unreadable
from workers.transplant.patterns import LONGEST, escaped, pattern


@pytest.mark.parametrize(
    ("text", "name", "captures"),
    [
        (r"layer_(\d+)/kernel", "layer_12/kernel", ("12",)),
        (r"(.+)/(kernel|bias)", "a/b/bias", ("a/b", "bias")),
        (r"a.b", "a.b", ()),
        (r"a\.(\w+)", "a.b", ("b",)),
        (r"conv2d(_\d+|)/kernel", "conv2d/kernel", ("",)),
        (r"x\(1\)/([^/]+)", "x(1)/y", ("y",)),
        (r"b(\d+)/b\1", "b7/b7", ("7",)),
        (r"a.b", "axb", None),
        (r"layer_(\d+)/kernel", "layer_x/kernel", None),
    ],
)
def test_what_is_caught(text: str, name: str, captures: tuple[str, ...] | None) -> None:
    assert pattern(text).captured(name) == captures


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        (r"h.\1", "h.07"),
        (r"h.{\1+0}", "h.7"),
        (r"h.{\1-1}", "h.6"),
        (r"block_{\1+1:03}", "block_008"),
        (r"{stage[\1]}.conv", "1.0.conv"),
    ],
)
def test_what_is_filled_in(text: str, filled: str) -> None:
    assert pattern(text).filled(["07"], {"stage": {"07": "1.0"}}) == filled


@pytest.mark.parametrize(
    "text", ["a*", "a(b", "a((b))", "(a+)+", "(?:a)", "(a++)", "{x}", "", "@", "a\\d", "([z-a])"]
)
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(Unreadable):
        pattern(text)


@pytest.mark.parametrize(
    "text", [r"(.*)(.*)(.*)x", r"(\w+)(\d+)([^/]+)_", "(a|aa|aaa)" * 9 + r"(.+)b(.+)c"]
)
def test_patterns_that_could_run_away_are_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="very long"):
        pattern(text)


@pytest.mark.parametrize("text", [r"(.*)(.*)x", "(a|aa)" * 8 + "(.+)b", "(a?)" * 9 + "(a+)x"])
def test_the_dearest_patterns_that_are_taken_end_soon(text: str) -> None:
    found = pattern(text)
    start = time.perf_counter()
    found.captured("a" * LONGEST)
    assert time.perf_counter() - start < 10  # seconds; milliseconds on an idle machine


@given(st.text(min_size=1, max_size=20))
def test_an_escaped_name_matches_itself_alone(name: str) -> None:
    found = pattern(escaped(name))
    assert found.literal
    assert found.captured(name) == ()
    assert found.filled((), {}) == name


@given(st.lists(st.sampled_from(["a", "/", r"\d", ".", "+", "*", "|", "[^/]"]), max_size=6))
def test_a_group_means_what_it_means_to_python(parts: list[str]) -> None:
    expression = "".join(parts)
    try:
        found = pattern(f"({expression})")
    except Unreadable:
        return
    for name in ("a", "a/1", "11", "aa/", "1a", ""):
        python = re.fullmatch(expression, name)
        assert (found.captured(name) is None) == (python is None)
