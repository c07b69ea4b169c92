"""Telling: a location as sentences."""

from shared.domain.locations import Located
from workers.verification.verify import Kept


def told(found: Located, kept: Kept) -> str:
    """Where the result leaves its source, how far, and what can be tried."""
    lowered = any(each.share for each in kept.tolerances.values())
    alone = found.steps == 1
    which = f"Step {found.step + 1} of {found.steps}, {found.converter},"
    subject = f"The step {found.converter}" if alone else which
    wrong = "is wrong" if alone else "is the first that is wrong"
    does = "loses more than its precision may" if lowered else wrong
    sentences = [f"{subject} {does}{_node(found)}."]
    if found.range and not found.node:
        first, last = found.range
        sentences.append(f"It happens between the nodes {first!r} and {last!r}.")
    if found.cause:
        sentences.append(found.cause)
    if found.why:
        sentences.append(f"No node is named: {found.why}.")
    sentences.append(_advice(found, lowered=lowered))
    return " ".join(sentences)


def _node(found: Located) -> str:
    if not found.node:
        return ""
    module = f" of {found.module!r}" if found.module else ""
    what = "layer" if found.counterpart else "node"
    other = f", {found.counterpart!r} in the result" if found.counterpart else ""
    before, after = _number(found.error_before), _number(found.error_after)
    return (
        f", at the {what} {found.node!r} ({found.operator}){module}{other}: the relative error is"
        f" {before} before it and {after} after it"
    )


def _number(error: float | None) -> str:
    return "no number" if error is None else f"{error:.2g}"


def _advice(found: Located, *, lowered: bool) -> str:
    if lowered:
        return "Ask for a higher precision, or leave that part of the model in float32."
    if found.counterpart:
        return "Correct the mapping, or the layer of the template."
    what = "that node" if found.node else "that step"
    return f"Try another route or opset, or write {what} in other operators."
