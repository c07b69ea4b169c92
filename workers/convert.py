"""`python -m workers.convert SOURCE --to FORMAT --out PATH`: a whole plan, without the service.

The same planner, fold, runner and children as the fleet's; the report goes to standard output.
"""

import json
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import Crashed, FerryError, InvalidOptions, NoRoute
from shared.domain.jobs import TEMPLATE, JobState
from shared.domain.orders import ProgressNote
from shared.domain.plans import Action, Plan
from shared.services.folders import remove
from shared.services.placing import INCLUDE
from shared.services.planning import plan
from shared.settings import SettingsError
from shared.telemetry import configure
from workers.local.arguments import Wanted, parse
from workers.local.carrier import Carrier
from workers.local.files import File, described
from workers.local.journey import Journey
from workers.local.machine import Machine, local_settings
from workers.local.outputs import deliver
from workers.local.reports import failure, report_of
from workers.local.sources import take_in, take_samples

USAGE: Final = 2
INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert; the exit status."""
    wanted = parse(sys.argv[1:] if arguments is None else arguments)
    configure("warning", "console")
    stopped = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopped.set())
    try:
        with _room(wanted.keep) as folder:
            report = _convert(wanted, folder, stopped)
    except FerryError as error:
        report = failure(error.fault)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return USAGE
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        report = failure(Crashed(f"{what}{error.strerror or error}.").fault)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    if stopped.is_set() and report["state"] != JobState.SUCCEEDED:
        return INTERRUPTED
    return 0 if report["state"] == JobState.SUCCEEDED else 1


@contextmanager
def _room(keep: Path | None) -> Iterator[Path]:
    """A private folder for everything; it stays if it is to be kept."""
    if keep is not None:
        keep.mkdir(mode=0o700, exist_ok=True)
        yield keep.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="modelferry-"))
    try:
        yield folder
    finally:
        remove(folder)


def _convert(wanted: Wanted, folder: Path, stopped: threading.Event) -> dict[str, Any]:
    settings = local_settings()
    source, notes = take_in(wanted.source.absolute(), wanted.format, folder)
    samples = take_samples(wanted.samples, settings.max_upload) if wanted.samples else None
    for note in notes:
        _say(note)
    template = _template(wanted, folder)
    machine = Machine(settings, folder)
    made = _planned(source, wanted, machine, samples=samples is not None, template=template)
    with machine.lit(made) as runner:
        carrier = Carrier(
            runner,
            folder,
            machine.offer.gpus,
            hear=_hear if wanted.verbose else _hear_notes,
            stop=stopped.is_set,
            keep=wanted.keep is not None,
        )
        known = carrier.know(samples) if samples else None
        filled = carrier.know(template) if template else None
        journey = Journey(made, carrier.know(source), known, carrier, filled)
        began = time.monotonic()
        state = journey.travel()
        seconds = time.monotonic() - began
    report = report_of(journey, state, source.artifact.digest, seconds)
    head = {"source": _shown(source, wanted.source), "target": made.target, "notes": list(notes)}
    return head | report | {"output": _delivered(wanted, journey, carrier, state)}


def _template(wanted: Wanted, folder: Path) -> File | None:
    """The model to be filled, beside the source in a folder of its own."""
    if wanted.template is None:
        return None
    place = folder / TEMPLATE
    place.mkdir(mode=0o700)
    return take_in(wanted.template.absolute(), None, place)[0]


def _planned(
    source: File, wanted: Wanted, machine: Machine, *, samples: bool, template: File | None
) -> Plan:
    if TEMPLATE in wanted.target.options:
        raise InvalidOptions(
            f"{TEMPLATE} names a model of a service, and this is none. Give --template its file.",
            field=f"options.{TEMPLATE}",
        )
    if wanted.target.options.get(INCLUDE):
        raise InvalidOptions(
            f"{INCLUDE} names jobs of a service, and this is none. Leave it out.",
            field=f"options.{INCLUDE}",
        )
    target = wanted.target
    if template:
        options = target.options | {TEMPLATE: template.artifact.format}
        target = target.model_copy(update={"options": options})
    try:
        return plan(source.artifact.format, target, machine.roster, samples=samples)
    except NoRoute as error:
        missing = machine.offer.missing
        if not missing or not machine.lacks(wanted.target.format):
            raise
        told = f"{error.fault.detail} Missing on this machine: {' '.join(missing)}"
        raise NoRoute(told, field=error.fault.field) from error


def _delivered(
    wanted: Wanted, journey: Journey, carrier: Carrier, state: JobState
) -> dict[str, Any] | None:
    if state is not JobState.SUCCEEDED:
        return None
    output = [step.output for step in journey.on_route(_last(journey)) if step.output][-1]
    result = File(output, carrier.files[output.digest])
    written = deliver(result, wanted.output)
    if written[0].is_dir():
        return {"path": str(written[0]), "digest": output.digest, "size": output.size}
    first = described(written[0], output.format)
    shown = _shown(first, written[0])
    return shown | ({"manifest": str(written[1])} if len(written) > 1 else {})


def _last(journey: Journey) -> int:
    return max(step.place.route for step in journey.steps)


def _shown(file: File, path: Path) -> dict[str, Any]:
    return {"path": str(path), **file.artifact.model_dump(mode="json")}


def _hear(action: Action, what: ProgressNote | str) -> None:
    if isinstance(what, str):
        sys.stderr.write(f"{what}\n")
    else:
        _hear_notes(action, what)


def _hear_notes(action: Action, what: ProgressNote | str) -> None:
    if isinstance(what, ProgressNote):
        share = f" ({what.progress:.0%})" if what.progress is not None else ""
        _say(f"{action.title}: {what.message}{share}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
