"""Verify: run the source and the result on the same inputs, one after the other."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from shared.domain.errors import AccuracyMismatch, BadSamples
from shared.domain.orders import AgreedNote, DisagreedNote
from shared.domain.plans import Tolerance
from shared.domain.signatures import Signature
from workers.runtime import Given, Runtime, Session
from workers.verification.baked import Outcome, baked_in
from workers.verification.cases import Run, reference_runs
from workers.verification.compare import Difference, Tally, compare
from workers.verification.fit import fit_of
from workers.verification.lengths import Lengths
from workers.verification.match import Match, match, narrowed

Say = Callable[[str, float | None], None]
Narrow = Callable[[Signature], Signature]

EVERY: Final = Lengths()
"""Nothing was fixed."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two models: how it is run, and where it lies."""

    runtime: Runtime
    path: Path


@dataclass(frozen=True, slots=True)
class Kept:
    """What the source said, and how a model is held against it: to look into a disagreement."""

    signature: Signature
    runs: Sequence[Run]
    tolerances: Mapping[str, Tolerance]
    recast: bool

    def against(self, side: Side) -> "Verdict":
        """Hold another model against the same outputs.

        Raises:
            InvalidModel, UnsupportedOperator: it cannot be opened.
            BadSamples: an output was empty in every case.
        """
        with side.runtime.open(side.path, {}) as session:
            return hold_against(
                session, self.runs, self.signature, self.tolerances, _mute, recast=self.recast
            )


LookInto = Callable[[DisagreedNote, Kept], DisagreedNote]
"""What is done with a disagreement before it is told."""


def verify(
    source: Side,
    result: Side,
    *,
    given: Given,
    samples: Path | None,
    dynamic: bool,
    lengths: Lengths = EVERY,
    recast: bool = False,
    tolerances: Mapping[str, Tolerance],
    seed: int,
    say: Say,
    look_into: LookInto = lambda note, _: note,
) -> AgreedNote | DisagreedNote:
    """Say whether they compute the same.

    The source's outputs are kept and the source is released before the result is opened.

    Args:
        given: what the user said of the source's inputs, by name.
        samples: the user's inputs as an .npz; seeded ones are made up when None.
        dynamic: False when the user gave up dimensions that may vary.
        lengths: those that the user asked for, of dimensions that could vary.
        recast: the user gave up the float types of inputs and outputs.
        tolerances: by dtype; a dtype that is not there must agree exactly.
        look_into: asked when they disagree, and both models are released.

    Raises:
        BadSamples: the samples do not fit, none could be made up that the source takes, or an
            output was empty in every case.
        InvalidModel: the source is not a function of its inputs.
    """
    say(f"running the {source.runtime.format.title}", 0.1)
    started = time.perf_counter()
    signature, runs, skipped, heard = _source_runs(
        source,
        result,
        given,
        narrow=_narrowing(result, lengths, dynamic=dynamic),
        samples=samples,
        seed=seed,
        say=say,
    )
    between = time.perf_counter()
    say(f"running the {result.runtime.format.title}", 0.5)
    with result.runtime.open(result.path, {}) as session:
        verdict = hold_against(session, runs, signature, tolerances, say, recast=recast)
        remarks = _remarks(source=heard, result=session.told())
    report = {
        "verified": verdict.fault is None,
        "cases": [{"shapes": run.case.shapes, "scale": run.case.label} for run in runs],
        "outputs": [each.report() for each in verdict.tallies],
        "matched_by": verdict.match.how,
        "skipped": skipped,
        "remarks": remarks,
        "inputs": "samples" if samples else "generated",
        "seconds": {
            "source": round(between - started, 3),
            "result": round(time.perf_counter() - between, 3),
        },
    }
    if verdict.fault is None:
        return AgreedNote(report=report)
    note = DisagreedNote(fault=verdict.fault.fault, report=report)
    return look_into(note, Kept(signature, runs, tolerances, recast))


def _source_runs(
    source: Side,
    result: Side,
    given: Given,
    *,
    narrow: Narrow,
    samples: Path | None,
    seed: int,
    say: Say,
) -> tuple[Signature, list[Run], list[str], str | None]:
    """In a function of its own: nothing of the source must outlive it, weights least of all."""
    with source.runtime.open(source.path, given) as session:
        signature = narrow(session.signature)
        fit = fit_of(result.runtime, result.path, signature)
        most = result.runtime.most(result.path)
        runs, skipped = reference_runs(session, signature, samples, seed, say, fit=fit, most=most)
        return signature, runs, skipped, session.told()


def _narrowing(result: Side, lengths: Lengths, *, dynamic: bool) -> Narrow:
    """The source as the result may take it, where that is less on purpose."""
    if dynamic and not lengths:
        return lambda source: source
    fixed = result.runtime.inspect(result.path, {}).signature
    if dynamic:
        return lambda source: lengths.narrow(source, fixed)
    return lambda source: narrowed(source, fixed)


def _remarks(**said: str | None) -> list[str]:
    return [f"The {whose}: {remark}" for whose, remark in said.items() if remark]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of holding a model against what its source said."""

    match: Match
    tallies: tuple[Tally, ...]
    fault: AccuracyMismatch | None


def _mute(message: str, progress: float | None) -> None:
    """For what is not the step's own progress."""


def hold_against(
    session: Session,
    runs: Sequence[Run],
    signature: Signature,
    tolerances: Mapping[str, Tolerance],
    say: Say,
    *,
    recast: bool = False,
) -> Verdict:
    """Run a model on the cases and compare; `signature` is the source's."""
    found = match(signature, session.signature)
    if found.wrong:
        return Verdict(found, (), AccuracyMismatch(found.wrong))
    tallies: dict[str, Tally] = {}
    outcomes: list[Outcome] = []
    refusal: str | None = None
    for number, run in enumerate(runs, 1):
        try:
            given = session(found.inputs(run.case.inputs, recast=recast))
        except Exception as error:  # noqa: BLE001 - whatever a library raises, it refused the case
            refusal = refusal or _refusal(run, error)
            outcomes.append(_outcome(run, None))
            continue
        if wrong := _other_names(found, run, given):
            return Verdict(found, tuple(tallies.values()), AccuracyMismatch(wrong))
        outputs = found.outputs(given)
        differences: list[Difference] = []
        for name, expected in run.outputs.items():
            tally = tallies.get(name) or _tally(name, expected, outputs[name], tolerances)
            told = outputs[name].astype(expected.dtype) if recast else outputs[name]
            differences.append(compare(expected, told, tolerances))
            tallies[name] = tally.with_case(differences[-1], _label(run))
        outcomes.append(_outcome(run, differences))
        say(f"compared case {number} of {len(runs)}", 0.5 + 0.5 * number / len(runs))
    fault = _mismatch(tallies, refusal, baked_in(outcomes))
    if fault is None:
        _insist_on_elements(tallies)
    return Verdict(found, tuple(tallies.values()), fault)


def _refusal(run: Run, error: Exception) -> str:
    reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
    return (
        f"The result refuses inputs that the source takes: {run.case.shapes} ({run.case.label})."
        f" It says: {reason[0][:300]}"
    )


def _outcome(run: Run, differences: Sequence[Difference] | None) -> Outcome:
    """Of one case; None: the result refused it."""
    shapes = tuple(array.shape for array in run.case.inputs.values())
    if differences is None:
        return Outcome(shapes, agreed=False, distance=None)
    wrong = [each for each in differences if each.why]
    worst = max(wrong, key=lambda each: each.share, default=None)
    return Outcome(
        shapes,
        agreed=worst is None,
        distance=worst.max_rel or 0.0 if worst else 0.0,
        share=worst.share if worst else 0.0,
    )


def _other_names(found: Match, run: Run, given: Mapping[str, NDArray[Any]]) -> str | None:
    """Why a model gave other outputs than its signature announces; None where it did not."""
    sides = (
        ("source", set(run.outputs), set(found.gives)),
        ("result", set(given), set(found.gives.values())),
    )
    for whose, gave, announced in sides:
        if gave != announced:
            return (
                f"The {whose} announces the outputs {sorted(announced)}, it gave {sorted(gave)}."
            )
    return None


def _insist_on_elements(tallies: Mapping[str, Tally]) -> None:
    for name, tally in tallies.items():
        if tally.elements == 0:
            raise BadSamples(
                f"Output {name!r} was empty in every case, so nothing of it was compared. Send"
                " samples for which the source fills it.",
                field="samples",
            )


def _tally(
    name: str,
    expected: NDArray[Any],
    actual: NDArray[Any],
    tolerances: Mapping[str, Tolerance],
) -> Tally:
    dtypes = dict.fromkeys((expected.dtype.name, actual.dtype.name))
    return Tally(name, " → ".join(dtypes), tolerances.get(expected.dtype.name))


def _mismatch(
    tallies: Mapping[str, Tally], refusal: str | None, cause: str | None
) -> AccuracyMismatch | None:
    because = f" {cause}" if cause else ""
    if refusal:
        return AccuracyMismatch(f"{refusal}{because}")
    wrong = [each for each in tallies.values() if each.wrong]
    if not wrong:
        return None
    worst = max(wrong, key=lambda each: each.max_rel)
    others = f" So do {len(wrong) - 1} other outputs." if len(wrong) > 1 else ""
    return AccuracyMismatch(
        f"Output {worst.name!r} {worst.wrong}.{others}{because}", field=worst.name
    )


def _label(run: Run) -> str:
    return f"{run.case.shapes}, {run.case.label}"
