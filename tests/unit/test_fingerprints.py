"""Fingerprints: what changes the bytes changes them, and nothing else does."""

import pytest

from shared.domain import fingerprints
from shared.domain.fingerprints import fingerprint
from shared.domain.offers import Queue
from shared.domain.plans import Convert, Inspect, Verify

CONVERT = Convert(
    converter="c",
    version=1,
    source="keras",
    target="onnx",
    options={"a": 1, "b": 2},
    toolchain={"x": "1", "y": "2"},
)


def test_order_and_queue_are_cosmetics() -> None:
    other = CONVERT.model_copy(
        update={
            "options": {"b": 2, "a": 1},
            "toolchain": {"y": "2", "x": "1"},
            "queue": Queue.GPU,
        }
    )
    assert fingerprint(CONVERT, ["i"]) == fingerprint(other, ["i"])


def test_what_matters_makes_a_difference() -> None:
    changed = [
        CONVERT.model_copy(update=update)
        for update in (
            {},
            {"converter": "d"},
            {"version": 2},
            {"options": {"a": 1}},
            {"toolchain": {"x": "1"}},
        )
    ]
    prints = [fingerprint(each, ["i"]) for each in changed]
    prints += [
        fingerprint(CONVERT, ["j"]),
        fingerprint(CONVERT, ["i", "j"]),
        fingerprint(CONVERT, ["i"], {"x": "9"}),
        fingerprint(Inspect(format="keras", toolchain={}), ["i"]),
        fingerprint(Verify(reference="keras", candidate="onnx", toolchain={}), ["i", "j"]),
        fingerprint(Verify(reference="onnx", candidate="keras", toolchain={}), ["i", "j"]),
    ]
    assert len(set(prints)) == len(prints)
    assert all(len(each) == 64 for each in prints)


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("INSPECTOR_VERSION", Inspect(format="keras", toolchain={})),
        ("VERIFIER_VERSION", Verify(reference="keras", candidate="onnx", toolchain={})),
    ],
)
def test_another_inspector_or_verifier_runs_again(
    monkeypatch: pytest.MonkeyPatch, name: str, action: Inspect | Verify
) -> None:
    before = fingerprint(action, ["i"])
    monkeypatch.setattr(fingerprints, name, 10**6)
    assert fingerprint(action, ["i"]) != before
