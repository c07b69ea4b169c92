"""Proving: who could run a result against its source, and why nobody can where nobody can."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.formats import FORMATS, ONNX, TENSORRT, TENSORRT_RTX, TFLITE
from shared.domain.gpus import ANY, Needs
from shared.domain.offers import ConverterOffer, Queue, Toolchain
from shared.domain.plans import Verify
from shared.domain.precisions import CAPABILITY, asked
from shared.domain.rosters import Member, Roster
from shared.domain.routes import Path

INSPECTED: Final = ("inputs", "signature", "graph_inputs", "graph_outputs")
"""Options that an inspection reads: what the file does not say of its inputs, which of its
signatures is meant, and where a graph begins and ends."""

CUT: Final = "outputs"
"""The option that ends an ONNX model at other tensors."""

VERIFIED: Final = (
    *INSPECTED,
    "dynamic",
    "dims",
    "input_shapes",
    CUT,
    "precision",
    "quantization",
    "keep_io",
    "tf32",
)
"""Options that a verification reads: also which differences the user asked for."""

UNSEEN: Final = (
    "The outputs that were asked for are tensors of the ONNX model, which the source does not"
    " give, so nothing ran the result."
)

COMPARED: Final = (
    "Weights alone cannot be run. Every variable that was written was read back and is, bit for"
    " bit, what the mapping makes of the source's."
)

BORROWED: Final = "select_tf"
"""The option that lets a TensorFlow Lite model borrow operators of TensorFlow's."""

UNLINKED: Final = (
    "The result may hold Select-TF operators, which LiteRT runs on devices that bring them along"
    " and not here, so nothing ran it."
)

ENGINES: Final[Mapping[str, str]] = {
    TENSORRT.name: "TensorRT engines",
    TENSORRT_RTX.name: "TensorRT-RTX engines",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """A verification, and the reason why it is not of the end of the path, or not there."""

    verify: Verify | None = None
    unverified: str | None = None


def proof(  # noqa: PLR0911 - one for each kind of end
    source: str, path: Path, needs: Needs, given: Mapping[str, Any], roster: Roster
) -> Proof:
    """How the result of a path is verified. `needs` are those of the step that builds on a GPU.

    A portable engine is verified where a worker that can run it is on line: it is built
    without a GPU, and its job would wait for one for ever. A tied one is built on a GPU, and
    verified where whoever may build it can be followed by one that runs it on the same kind.
    """
    goal = path[-1].target
    if path[0].transplant:
        return _carried(source, path, needs, given, roster)
    if source != ONNX.name and (cut := _cut(path)) is not None:
        return _halfway(source, path[: cut + 1], given, roster, UNSEEN)
    engine = next((edge for edge in reversed(path) if edge.target in ENGINES), None)
    if engine is None:
        alive = FORMATS[source].unrunnable is None and FORMATS[goal].unrunnable is None
        found = roster.runtimes(source, goal) if alive else None
        borrowed = goal == TFLITE.name and given.get(BORROWED) is True
        if found is None or borrowed:
            reason = UNLINKED if borrowed else _nobody(source, goal, roster)
            return _halfway(source, path, given, roster, reason)
        return Proof(_verify(source, goal, given, found, ANY))
    able = Needs(at_least=CAPABILITY.get(asked(given)))
    if engine.name in roster.known:  # whoever will come to build it brings what runs it
        return Proof(_verify(source, goal, given, ({}, Queue.GPU), able))
    formats = tuple(dict.fromkeys((source, engine.target, goal)))
    if FORMATS[engine.target].portable:
        members, wanted = _online(roster), able
        kinds: frozenset[str] = frozenset()
    else:
        members, wanted, kinds = _builders(engine, needs, roster)
    runners = [member for member in members if _runs(member, formats)]
    there = _kinds(runners, wanted)
    if not there or not kinds <= there:
        reason = _no_runner(source, engine.target, members, runners)
        return _halfway(source, path, given, roster, reason)
    ends = Roster(tuple(runners)).runtimes(source, goal)
    return Proof(_verify(source, goal, given, (ends[0] if ends else {}, Queue.GPU), able))


def _carried(
    source: str, path: Path, needs: Needs, given: Mapping[str, Any], roster: Roster
) -> Proof:
    """A model and a template that can be run are run, at the sizes that the template takes.
    Weights alone are compared, and what is made of them is run against what they became."""
    into, *rest = path
    if FORMATS[source].unrunnable is None and FORMATS[into.target].unrunnable is None:
        plain = into.model_copy(update={"transplant": False})
        found = proof(source, (plain, *rest), needs, {**given, "dynamic": False}, roster)
        return Proof(found.verify, found.unverified)
    if not rest:
        return Proof(unverified=COMPARED)
    found = proof(into.target, tuple(rest), needs, given, roster)
    if found.verify is None:
        return found
    before = None if found.verify.before is None else found.verify.before + 1
    verify = found.verify.model_copy(update={"before": before, "after": 0})
    return Proof(verify, " ".join(filter(None, (COMPARED, found.unverified))))


def _cut(path: Path) -> int | None:
    """Where on the path the outputs are changed."""
    return next((at for at, edge in enumerate(path) if edge.asked_by == CUT), None)


def _halfway(
    source: str, path: Path, given: Mapping[str, Any], roster: Roster, reason: str
) -> Proof:
    """As much of the path as can be proved: an engine that nobody runs was an ONNX model once."""
    for stop in range(len(path) - 1, 0, -1):
        goal = path[stop - 1].target
        found = roster.runtimes(source, goal) if FORMATS[goal].unrunnable is None else None
        if found is not None and found[1] is Queue.CPU:
            verify = _verify(source, goal, given, found, ANY)
            told = f"{reason} The {FORMATS[goal].title} model on the way to it was run instead."
            return Proof(verify.model_copy(update={"before": stop}), told)
    return Proof(unverified=reason)


def _verify(
    source: str,
    goal: str,
    given: Mapping[str, Any],
    runtimes: tuple[Toolchain, Queue],
    needs: Needs,
) -> Verify:
    toolchain, queue = runtimes
    return Verify(
        reference=source,
        candidate=goal,
        options=only(VERIFIED, given),
        queue=queue,
        needs=needs,
        toolchain=toolchain,
    )


def only(names: Sequence[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the given options that have these names."""
    return {name: given[name] for name in names if name in given}


def _builders(
    engine: ConverterOffer, needs: Needs, roster: Roster
) -> tuple[tuple[Member, ...], Needs, frozenset[str]]:
    """The members to look at, what their GPUs must be, and the kinds that may build it.

    Where nobody on line can build it the job waits for such a worker anyway, and those that
    were seen before tell what it will be like.
    """
    for members, wanted in ((_online(roster), needs), (roster.members, needs)):
        able = [each for each in members if engine.capability in each.offer.capabilities]
        if kinds := _kinds(able, wanted):
            return members, wanted, kinds
    return roster.members, ANY, frozenset()


def _online(roster: Roster) -> tuple[Member, ...]:
    return tuple(member for member in roster.members if member.online)


def _kinds(members: Sequence[Member], needs: Needs) -> frozenset[str]:
    return frozenset(
        gpu.kind for member in members for gpu in member.offer.gpus if needs.met_by(gpu)
    )


def _runs(member: Member, formats: Sequence[str]) -> bool:
    return {each.format for each in member.offer.runtimes} >= set(formats)


def _nobody(source: str, goal: str, roster: Roster) -> str:
    if why := FORMATS[goal].unrunnable or FORMATS[source].unrunnable:
        return why
    lacking = [each for each in (source, goal) if roster.runtimes(each) is None]
    if lacking:
        title = FORMATS[lacking[0]].title
        return f"No worker that can run {title} has come on line, so nothing ran the result."
    return f"No worker can run both {source} and {goal}, so nothing compared the two."


def _no_runner(
    source: str, engine: str, members: Sequence[Member], runners: Sequence[Member]
) -> str:
    what = ENGINES[engine]
    if not any(_runs(each, (engine,)) and each.offer.gpus for each in members):
        return (
            f"No GPU worker that can run {what} is on line, so nothing ran the engine; convert"
            " the model again when one is."
        )
    if not runners:
        return (
            f"No GPU worker on line can run both {source} and {what}, so nothing compared the"
            " engine with its source."
        )
    return (
        f"The workers on line that can run {source} and {what} have other GPUs than the engine"
        " needs, so nothing ran it."
    )
