"""Probes: whether a part of a model, up to a position, says the same after the convert."""

import shutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shared.domain.formats import ONNX
from shared.domain.plans import Convert
from workers.localisation.apart import Apart
from workers.localisation.cuts import ENDS, Cuts
from workers.localisation.onnx_cuts import OnnxCuts
from workers.localisation.trials import Trial, held
from workers.localisation.walk import Again
from workers.runtimes import RUNTIMES
from workers.verification.verify import Kept, Say, Side

Other = Callable[[int, list[str], Path, Path], Side]
"""The part after the convert: of a position, its tensors, the part before it, an empty folder."""


@dataclass
class Probe:
    """Asked of positions. What was found is kept in `seen`."""

    kept: Kept
    trial: Trial
    source: str
    cuts: Cuts
    other: Other
    folder: Path
    say: Say
    seen: dict[int, Apart] = field(default_factory=dict)
    runs: int = 0

    def __call__(self, position: int) -> bool | None:
        """Whether it is wrong there; None where the part cannot be made or run."""
        names = self.cuts.shown(self.cuts.graph.live(position))
        if not names:
            return False
        self.runs += 1
        self.say(f"comparing after {position} of {len(self.cuts.graph.nodes)} nodes", None)
        room = self.folder / f"part-{position}"
        try:
            found = self._compare(position, names, room)
        except Exception:  # noqa: BLE001 - a part that cannot be made says nothing of the whole
            traceback.print_exc()
            return None
        finally:
            shutil.rmtree(room, ignore_errors=True)
        if found is None:
            return None
        self.seen[position] = found
        return found.wrong is not None

    def _compare(self, position: int, names: list[str], room: Path) -> Apart | None:
        part, scratch = room / "part", room / "other"
        part.mkdir(parents=True)
        scratch.mkdir()
        path = self.cuts.cut(position, names, part)
        runtime = RUNTIMES[self.source]
        with runtime.open(path, {}) as session:
            signature, outputs = session.signature, session(self.trial.inputs)
        other = self.other(position, names, path, scratch)
        with other.runtime.open(other.path, {}) as session:
            return held(session, signature, self.trial.inputs, outputs, self.kept)


def converted(convert: Convert, again: Again) -> Other:
    """The part itself, converted with the same options, but for those that say where it ends."""
    options = {name: value for name, value in convert.options.items() if name not in ENDS}
    of_part = convert.model_copy(update={"options": options})

    def other(position: int, names: list[str], part: Path, folder: Path) -> Side:  # noqa: ARG001 - the part is all that matters
        return Side(RUNTIMES[convert.target], again(of_part, part, folder))

    return other


def ended(after: OnnxCuts) -> Other:
    """The result, ended at the tensors of the same names."""

    def other(position: int, names: list[str], part: Path, folder: Path) -> Side:  # noqa: ARG001 - names say it all
        return Side(RUNTIMES[ONNX.name], after.ended(names, folder))

    return other
