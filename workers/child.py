"""The child: carry out one work order in its own folder, and nothing else.

Order in, result out, both JSON. `python -m workers.child FOLDER` replays a step by hand.
"""

import errno
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, assert_never

from shared.domain.archives import pack
from shared.domain.coverage import Coverage
from shared.domain.errors import (
    FerryError,
    InvalidModel,
    MemoryExceeded,
    Ours,
    StepRefused,
    StorageFull,
    UnsupportedOperator,
    Yours,
)
from shared.domain.formats import FORMATS, ONNX, Layout
from shared.domain.gpus import Gpu
from shared.domain.jobs import STEP, TEMPLATE
from shared.domain.orders import (
    RESULT_FILE,
    STOP_FILE,
    AgreedNote,
    BrokeNote,
    DisagreedNote,
    Note,
    ProducedNote,
    ProgressNote,
    RefusedNote,
    WorkOrder,
)
from shared.domain.plans import Check, Convert, Inspect, Tolerance, Verify
from shared.domain.precisions import Precision, asked, lower, tolerances
from shared.domain.signatures import Tensor
from workers.checkers import CHECKERS
from workers.converters import catalogue
from workers.localisation.budget import Budget
from workers.localisation.looking import looked_into
from workers.localisation.walk import Walk
from workers.runtimes import RUNTIMES
from workers.verification.given import given_from
from workers.verification.lengths import Lengths
from workers.verification.samples import check_samples
from workers.verification.verify import Kept, Side, verify

FULL = {errno.ENOSPC, errno.EDQUOT}
FULL_WORDS = ("No space left on device", "Disk quota exceeded")
MEMORY_WORDS = ("can't allocate memory", "bad_alloc", "bad allocation", "OOM when allocating")

Say = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True)
class Workbench:
    """What a converter sees of the child: its Bench."""

    source: Path
    target: Path
    folder: Path
    samples: Path | None
    extras: tuple[Path, ...]
    template: Path | None
    gpu: Gpu | None
    caches: tuple[Path, ...]
    cache_output: Path
    options: Any
    tell: Say
    facts: dict[str, Any] = field(default_factory=dict)

    def say(self, message: str, *, progress: float | None = None) -> None:
        self.tell(message, progress)

    def note(self, **facts: Any) -> None:
        self.facts.update(facts)

    def stopping(self) -> bool:
        return (self.folder / STOP_FILE).exists()


def main(folder: Path, notes_fd: int | None = None) -> int:
    """Run the order in `folder` and write `result.json` there.

    Args:
        folder: holds `order.json` and the inputs that it names.
        notes_fd: where progress goes as JSON lines; standard output when None.

    Returns:
        The exit status: 0 whenever a result was written, whatever it says.
    """
    order = WorkOrder.model_validate_json((folder / "order.json").read_bytes())
    say = _voice(notes_fd)
    try:
        note = _carry_out(order, folder, say)
    except Exception as error:  # noqa: BLE001 - libraries raise anything; each ends as a note
        traceback.print_exc()
        note = _explain(error, order)
    _write(folder / RESULT_FILE, note)
    return 0


def _carry_out(order: WorkOrder, folder: Path, say: Say) -> Note:
    match order.action:
        case Inspect():
            return _inspect(order, order.action, folder, say)
        case Convert():
            return _convert(order, order.action, folder, say)
        case Check():
            return _check(order, order.action, folder, say)
        case Verify():
            return _verify(order, order.action, folder, say)
        case _:
            assert_never(order.action)


def _inspect(order: WorkOrder, action: Inspect, folder: Path, say: Say) -> Note:
    say(f"reading the {FORMATS[action.format].title}", 0.1)
    samples = _samples(order, folder)
    inspection = RUNTIMES[action.format].inspect(
        _prepared(order, folder, "source"), _given(action.options, samples)
    )
    if samples:
        say("checking the samples against the inputs", 0.9)
        check_samples(samples, inspection.signature)
    return ProducedNote(report=inspection.model_dump(mode="json"))


def _convert(order: WorkOrder, action: Convert, folder: Path, say: Say) -> Note:
    converter = catalogue()[action.converter]
    output = folder / order.output
    is_tree = converter.target.layout is Layout.TREE
    bench = Workbench(
        source=_prepared(order, folder, "source"),
        target=folder / "tree" if is_tree else output,
        folder=folder,
        samples=_samples(order, folder),
        extras=tuple(_extras(order, folder)),
        template=_prepared(order, folder, TEMPLATE) if TEMPLATE in order.inputs else None,
        gpu=order.gpu,
        caches=tuple(folder / each for each in order.caches),
        cache_output=folder / (order.cache_output or "timing.new"),
        options=converter.options.model_validate(action.options),
        tell=say,
    )
    try:
        converter.convert(bench)
    except Yours as error:
        return RefusedNote(fault=error.fault, report=bench.facts)
    if not bench.target.exists():
        raise StepRefused(f"{converter.name} ended without an error and wrote nothing.")
    if is_tree:
        say("packing the folder", 0.95)
        pack(bench.target, output)
    return ProducedNote(report={"size": output.stat().st_size} | bench.facts)


def _check(order: WorkOrder, action: Check, folder: Path, say: Say) -> Note:
    checker = CHECKERS[action.source, action.target]
    say(f"asking what {FORMATS[action.target].title} covers", 0.1)
    coverage = checker.check(_prepared(order, folder, "source"), action.options)
    report = {"coverage": coverage.model_dump(mode="json")}
    if coverage.supported or not action.binding:
        return ProducedNote(report=report)
    return RefusedNote(fault=_uncovered(coverage).fault, report=report)


def _uncovered(coverage: Coverage) -> UnsupportedOperator:
    """The first gap, and how many there are."""
    if not coverage.gaps:
        return UnsupportedOperator(f"{coverage.by} does not take this model.")
    first = coverage.gaps[0]
    more = len(coverage.gaps) - 1
    nodes = "another node is" if more == 1 else f"{more} other nodes are"
    others = f" Besides, {nodes} not covered." if more else ""
    hint = f" {first.hint}" if first.hint else ""
    return UnsupportedOperator(
        f"{coverage.by} does not cover {first.operator}: {first.reason}{hint}{others}",
        node=first.node,
        operator=first.operator,
    )


def _verify(order: WorkOrder, action: Verify, folder: Path, say: Say) -> Note:
    began = time.monotonic()
    samples = _samples(order, folder)
    source = RUNTIMES[action.reference]
    given = source.ending(_prepared(order, folder, "reference"), action.options)
    reference = Side(source, given)
    candidate = Side(RUNTIMES[action.candidate], _prepared(order, folder, "candidate"))
    ends = {"reference": action.reference, "candidate": action.candidate}

    def look_into(note: DisagreedNote, kept: Kept) -> DisagreedNote:
        # Whatever becomes of this process while it looks, the disagreement is known.
        _write(folder / RESULT_FILE, note.model_copy(update={"report": ends | note.report}))
        walk = _walk(order, action, folder, reference, candidate)
        left = order.seconds and order.seconds - (time.monotonic() - began)
        return looked_into(note, kept, walk, Budget(left), say) if walk else note

    note = verify(
        reference,
        candidate,
        given=_given(action.options, samples),
        samples=samples,
        dynamic=action.options.get("dynamic") is not False,
        lengths=Lengths.asked(action.options),
        recast=action.options.get("keep_io") is False,
        tolerances=_tolerances(order, action, reference),
        seed=order.seed,
        say=say,
        look_into=look_into,
    )
    note = note.model_copy(update={"report": ends | note.report})
    if order.gpu is None or not isinstance(note, AgreedNote):
        return note
    say("measuring", 0.95)
    onnx = reference.path if action.reference == ONNX.name else None
    if "beside" in order.inputs:
        onnx = _prepared(order, folder, "beside")
    measured = candidate.runtime.measure(candidate.path, onnx)
    return AgreedNote(report=note.report | ({"measured": measured} if measured else {}))


def _walk(
    order: WorkOrder, action: Verify, folder: Path, reference: Side, candidate: Side
) -> Walk | None:
    """The converts between the two and what they wrote; None where the order tells of none."""
    first = 0 if action.after is None else action.after + 1
    end = len(order.route) if action.before is None else action.before
    if first >= end:
        return None
    between = [_intermediate(order, action, folder, at) for at in range(first, end - 1)]
    return Walk(
        converts=order.route[first:end],
        models=(reference, *between, candidate),
        first=first,
        total=len(order.route),
        again=partial(_again, order, folder),
        folder=folder / "parts",
    )


def _intermediate(order: WorkOrder, action: Verify, folder: Path, at: int) -> Side | None:
    """What that convert of the route wrote, if it is at hand and can be run."""
    role = f"{STEP}{at}"
    if role not in order.inputs and "beside" in order.inputs:
        onnx = [n for n, each in enumerate(order.route[:-1]) if each.target == ONNX.name]
        role = "beside" if onnx and onnx[-1] == at else role
    if role not in order.inputs or order.inputs[role].format not in RUNTIMES:
        return None
    runtime = RUNTIMES[order.inputs[role].format]
    return Side(runtime, runtime.ending(_prepared(order, folder, role), action.options))


def _again(order: WorkOrder, folder: Path, convert: Convert, source: Path, room: Path) -> Path:
    """A convert of the route on another model; where its prepared result lies."""
    converter = catalogue()[convert.converter]
    is_tree = converter.target.layout is Layout.TREE
    target = room / ("tree" if is_tree else f"output{converter.target.suffixes[0]}")
    bench = Workbench(
        source=source,
        target=target,
        folder=room,
        samples=_samples(order, folder) if convert.samples else None,
        extras=(),
        template=None,
        gpu=order.gpu,
        caches=(),
        cache_output=room / "timing.new",
        options=converter.options.model_validate(convert.options),
        tell=lambda *_: None,
    )
    converter.convert(bench)
    return target if is_tree else RUNTIMES[convert.target].prepare(target, room / "unpacked")


def _tolerances(order: WorkOrder, action: Verify, reference: Side) -> Mapping[str, Tolerance]:
    """Those of the order; wider ones where the source itself computes in less."""
    own = reference.runtime.precision(reference.path)
    if own is Precision.FP32:
        return order.tolerances
    return tolerances(lower(asked(action.options), own))


def _prepared(order: WorkOrder, folder: Path, role: str) -> Path:
    given = order.inputs[role]
    path = folder / given.path
    runtime = RUNTIMES.get(given.format)
    if runtime is None:
        return path
    return runtime.choose(runtime.prepare(path, folder / f"{role}.unpacked"), order.action.options)


def _samples(order: WorkOrder, folder: Path) -> Path | None:
    return folder / order.inputs["samples"].path if "samples" in order.inputs else None


def _extras(order: WorkOrder, folder: Path) -> Iterator[Path]:
    for role, given in order.inputs.items():
        if role.startswith("extra-"):
            yield folder / given.path


def _given(options: Mapping[str, Any], samples: Path | None) -> dict[str, Tensor]:
    return given_from(options.get("inputs"), samples)


def _explain(error: Exception, order: WorkOrder) -> Note:
    """Say whose fault it is; whatever the libraries wrapped around it."""
    chain = list(_chain(error))
    for each in chain:
        if isinstance(each, Ours):  # another worker may be better off
            return BrokeNote(fault=each.fault)
        if isinstance(each, FerryError):
            return RefusedNote(fault=each.fault)
    if any(_is_full(each) for each in chain):
        return BrokeNote(
            fault=StorageFull("The worker's disk is full; the step is tried again.").fault
        )
    if any(_is_memory(each) for each in chain):
        return RefusedNote(
            fault=MemoryExceeded("The step asked for more memory than it may have.").fault
        )
    if isinstance(order.action, Inspect):
        return RefusedNote(
            fault=InvalidModel(f"The model cannot be read: {last_line(error)}").fault
        )
    return RefusedNote(fault=StepRefused(f"{order.action.title}: {last_line(error)}").fault)


def last_line(error: BaseException) -> str:
    """What an exception says, in one line of at most 500 characters, its type in front."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1] if lines else 'no message'}"[:500]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in FULL
    return any(word in str(error) for word in FULL_WORDS)


def _is_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(word in str(error) for word in MEMORY_WORDS)


def _voice(notes_fd: int | None) -> Say:
    """Where progress goes. Standard output belongs to the libraries' chatter, unless replayed."""

    def say(message: str, progress: float | None) -> None:
        line = ProgressNote(message=message, progress=progress).model_dump_json() + "\n"
        if notes_fd is None:
            sys.stdout.write(line)
        else:
            os.write(notes_fd, line.encode())

    return say


def _write(path: Path, note: Note) -> None:
    """Under a temporary name, then renamed: a reader sees all of it or nothing."""
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(note.model_dump(mode="json"), file, allow_nan=False)
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
