"""Fingerprints: when two steps would write the same bytes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import assert_never

from shared.domain.plans import (
    INSPECTOR_VERSION,
    VERIFIER_VERSION,
    Action,
    Check,
    Convert,
    Inspect,
    Verify,
)
from shared.domain.precisions import asked, tolerances


def fingerprint(
    action: Action, inputs: Sequence[str], toolchain: Mapping[str, str] | None = None
) -> str:
    """The cache key of a step: 64 hexadecimal digits.

    What a step needs of a GPU is no part of it: an engine's result is kept under this key and
    the kind of GPU that built it, and is good for every job whose needs that GPU meets.

    Args:
        action: what is done; only what can change the result is read from it.
        inputs: digests of the inputs, in the action's order.
        toolchain: the versions at hand where they are known better than the plan knew them.
    """
    match action:
        case Inspect():
            what: dict[str, object] = {
                "format": action.format,
                "version": INSPECTOR_VERSION,
                "options": action.options,
            }
        case Convert():
            what = {
                "converter": action.converter,
                "version": action.version,
                "options": action.options,
            }
        case Check():
            what = {
                "source": action.source,
                "target": action.target,
                "version": action.version,
                "binding": action.binding,
                "options": action.options,
            }
        case Verify():
            agreement = tolerances(asked(action.options))
            what = {
                "reference": action.reference,
                "candidate": action.candidate,
                "version": VERIFIER_VERSION,
                "options": action.options,
                "tolerances": {name: each.model_dump() for name, each in agreement.items()},
            }
        case _:
            assert_never(action)
    what |= {
        "kind": action.kind,
        "inputs": list(inputs),
        "toolchain": dict(action.toolchain if toolchain is None else toolchain),
    }
    text = json.dumps(what, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
