"""Run the source on every case that it takes, and keep what it says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from shared.domain.errors import BadSamples, InvalidModel
from shared.domain.plans import TOLERANCES
from shared.domain.signatures import Signature
from workers.runtime import Session
from workers.verification.compare import compare
from workers.verification.dims import BATCHES, batch_names, length_names, lengths
from workers.verification.fit import Fit
from workers.verification.samples import (
    EXACT,
    MOST_SAMPLES,
    Case,
    Side,
    dtype_named,
    from_samples,
    generate,
    generate_at,
    mirror,
    one_sided,
    redraw,
)

Say = Callable[[str, float | None], None]

SCALES = (1.0, 0.1, 4.0)
"""Standard deviations of float inputs, one a case: what saturates hides nothing at another."""

MOST_ELEMENTS = 1 << 24
"""Of one generated case: larger ones are left out, unless they would be the only one."""

MORE = 6
"""Keeps the seeds of further draws apart from those of the first."""

CHEAP = 1 << 16
"""Elements of a case that may be drawn a few times more: a branch on the data may go another
way."""

WORTH = 1 << 22
"""The same of a model whose data decide what it runs."""

BOTH: Final[tuple[Side, ...]] = ("", "")
"""Of further draws at each scale, the signs of their floats; "" stands for both in one."""

SIDES: Final[tuple[Side, ...]] = ("", "positive", "negative")
"""The same of a model whose data decide what it runs."""

SIZES = 2
"""How many lengths of the dimensions other than the batch are tried, where they may vary."""


@dataclass(frozen=True, slots=True)
class Run:
    """A case and what the source made of it."""

    case: Case
    outputs: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _Size:
    """One size to try: lengths by name, and the scale of its floats."""

    extents: Mapping[str, int]
    scale: float


def reference_runs(
    session: Session,
    signature: Signature,
    samples: Path | None,
    seed: int,
    say: Say,
    *,
    fit: Fit | None = None,
    most: int | None = None,
) -> tuple[list[Run], list[str]]:
    """The runs, and sentences on the cases that the source or the result does not take.

    Args:
        fit: what the result was built for, where that is less than what the source takes.
        most: samples that the result takes at once; None: any number.

    Raises:
        BadSamples: the samples do not fit, or the source takes nothing that was made up.
        InvalidModel: the source says two things about one input.
    """
    if samples:
        runs, skipped = _sampled(session, signature, samples, fit, most or MOST_SAMPLES)
    elif fit:
        runs, skipped = _fitting(session, signature, fit, seed, say)
    else:
        runs, skipped = _generated(session, signature, seed, say)
    _insist_on_a_function(session, _smallest(runs))
    return runs, skipped


def _sampled(
    session: Session, signature: Signature, samples: Path, fit: Fit | None, most: int
) -> tuple[list[Run], list[str]]:
    at_once = min(most, fit.at_once(signature) if fit else MOST_SAMPLES)
    cases = list(from_samples(samples, signature, at_once=at_once))
    refused = [fit.refuses(case) if fit else None for case in cases]
    skipped = [
        f"{case.label}: {why}" for case, why in zip(cases, refused, strict=True) if why is not None
    ]
    if cases and len(skipped) == len(cases):
        raise BadSamples(
            f"The result can take none of the samples: {skipped[0]}. Send others, or build it for"
            " their shapes.",
            field="samples",
        )
    if not cases:
        raise BadSamples("The samples make up no case: send more of them.", field="samples")
    taken = [case for case, why in zip(cases, refused, strict=True) if why is None]
    return [Run(case, session(case.inputs)) for case in taken], skipped


def _fitting(
    session: Session, signature: Signature, fit: Fit, seed: int, say: Say
) -> tuple[list[Run], list[str]]:
    """At the sizes that the result was built for, and no others."""
    runs: list[Run] = []
    skipped: list[str] = []
    for number in range(max(len(fit.sizes), len(SCALES))):
        at = number % len(fit.sizes)
        shapes, scale = fit.sizes[at], SCALES[number % len(SCALES)]
        run = _attempt(
            session,
            partial(generate_at, signature, shapes, fit.values(at), scale=scale),
            (seed, len(runs), number),
            skipped,
        )
        runs.extend([run] if run else [])
        say(f"ran {len(runs)} cases", min(0.1 + 0.05 * len(runs), 0.45))
    if not runs:
        raise _nothing_taken(signature, skipped)
    runs.extend(_more(session, signature, _smallest(runs), seed, skipped))
    return runs, skipped


def _nothing_taken(signature: Signature, skipped: list[str]) -> BadSamples:
    said = f"It said: {skipped[-1] if skipped else 'nothing'}"
    foreign = next((each for each in signature.inputs if dtype_named(each).isbuiltin != 1), None)
    if foreign:
        return BadSamples(
            f"Input {foreign.name!r} is {foreign.dtype}. Nothing that was made up of it serves,"
            " and an .npz of samples cannot hold it, so nothing can be compared. Export the model"
            f" with an input of float32 or int8 there and a Cast behind it. {said}",
            node=foreign.name,
        )
    return BadSamples(
        "The source takes none of the inputs that were made up for it, or gives none of them the"
        f" shapes that it declares. Send samples. {said}",
        field="samples",
    )


def _generated(
    session: Session, signature: Signature, seed: int, say: Say
) -> tuple[list[Run], list[str]]:
    runs: list[Run] = []
    skipped: list[str] = []
    names = batch_names(signature)
    sizes_taken = 0
    wanted = SIZES if length_names(signature) else 1
    for extents in lengths(signature):
        tried = session.batches or BATCHES
        batches = tried if sizes_taken == 0 else tried[:1]
        fresh = [
            run
            for number, size in enumerate(_sizes(extents, names, batches))
            if (
                run := _attempt(
                    session,
                    partial(generate, signature, size.extents, scale=size.scale),
                    (seed, len(runs), number),
                    skipped,
                )
            )
        ]
        runs.extend(fresh)
        say(f"ran {len(runs)} cases", min(0.1 + 0.05 * len(runs), 0.45))
        sizes_taken += bool(fresh)
        if sizes_taken == wanted:
            break
    if runs:
        runs.extend(_more(session, signature, _smallest(runs), seed, skipped))
    else:
        raise _nothing_taken(signature, skipped)
    return runs, skipped


def _more(
    session: Session, signature: Signature, first: Run, seed: int, skipped: list[str]
) -> Iterator[Run]:
    """The case mirrored (its floats negated), and other draws of its size where it is small.

    Where the data decide what runs, a mean of many floats of both signs is always near 0, and so
    a branch on it goes one way: then floats of one sign alone are drawn, too, of either.
    """
    has_floats = any(array.dtype.kind not in EXACT for array in first.case.inputs.values())
    if has_floats and (run := _kept(session, mirror(first.case), skipped)) is not None:
        yield run
    if first.case.elements > (WORTH if session.branches else CHEAP):
        return
    sides = SIDES if session.branches else BOTH
    for number, (side, scale) in enumerate(product(sides, SCALES)):
        drawn = redraw(signature, first.case, scale=scale, seed=(seed, MORE, number))
        case = _suited(session, one_sided(drawn, side) if side else drawn)
        if (run := _kept(session, case, skipped)) is not None:
            yield run


def _suited(session: Session, case: Case) -> Case:
    return replace(case, inputs=session.suit(case.inputs)) if session.suit else case


def _smallest(runs: list[Run]) -> Run:
    return min(runs, key=lambda run: run.case.elements)


def _kept(session: Session, case: Case, skipped: list[str]) -> Run | None:
    """The run, unless the source refuses it or has no finite answer: these cases are a bonus."""
    try:
        run = Run(case, session(case.inputs))
    except Exception as error:  # noqa: BLE001 - whatever a library raises, it refused the case
        lines = str(error).strip().splitlines() or [type(error).__name__]
        skipped.append(f"{case.shapes}, {case.label}: {lines[0][:200]}")
        return None
    if broken := _broken_word(session.signature, run):
        skipped.append(f"{case.shapes}, {case.label}: {broken}")
        return None
    return run if _finite(run) else None


def _broken_word(signature: Signature, run: Run) -> str | None:
    """What the source declares of an output and does not keep; None where it keeps its word.

    An input that is a shape or an axis decides more than values, and a result that was built
    for the declared shapes would be blamed.
    """
    for each in signature.outputs:
        if each.shape is None or each.name not in run.outputs:
            continue
        shape = run.outputs[each.name].shape
        kept = len(shape) == len(each.shape) and all(
            not isinstance(told, int) or told == have
            for told, have in zip(each.shape, shape, strict=True)
        )
        if not kept:
            told = ", ".join("?" if dim is None else str(dim) for dim in each.shape)
            return (
                f"the source gives its output {each.name!r} the shape {list(shape)}, and it"
                f" declares [{told}]"
            )
    return None


def _finite(run: Run) -> bool:
    import numpy as np

    numbers = [each for each in run.outputs.values() if each.dtype.kind == "f"]
    return all(bool(np.isfinite(each).all()) for each in numbers)


def _sizes(
    extents: Mapping[str, int], names: set[str], batches: tuple[int, ...]
) -> Iterator[_Size]:
    if not names and len(batches) == 1:
        yield _Size(extents, SCALES[0])
        return
    for batch, scale in zip(batches, SCALES, strict=False):
        yield _Size({**extents, **dict.fromkeys(names, batch)}, scale)


def _attempt(
    session: Session, draw: Callable[..., Case], seed: tuple[int, ...], skipped: list[str]
) -> Run | None:
    """Run one size, with tamer inputs where the source gives no finite answer to wild ones."""
    run: Run | None = None
    for tame in range(3):
        case = _suited(session, draw(seed=seed, tame=tame))
        if case.elements > MOST_ELEMENTS and seed[-1] > 0:
            skipped.append(f"{case.shapes}: {case.elements} elements are more than is worth it")
            return None
        try:
            tried = Run(case, session(case.inputs))
        except Exception as error:  # noqa: BLE001 - whatever a library raises, it refused the case
            lines = str(error).strip().splitlines() or [type(error).__name__]
            skipped.append(f"{case.shapes}, {case.label}: {lines[0][:200]}")
            continue
        if broken := _broken_word(session.signature, tried):
            skipped.append(f"{case.shapes}, {case.label}: {broken}")
            continue
        run = tried
        if _finite(run):
            return run
    return run


def _insist_on_a_function(session: Session, run: Run) -> None:
    """A source that draws random numbers cannot be verified, nor can its result."""
    again = session(run.case.inputs)
    for name, before in run.outputs.items():
        difference = compare(before, again[name], TOLERANCES)
        if difference.why and "not finite" not in difference.why:
            raise InvalidModel(
                f"The source is no function of its inputs: its output {name!r} {difference.why}"
                " when it runs twice on the same input. Export it in evaluation mode"
                " (model.eval()), without dropout or random numbers."
            )
