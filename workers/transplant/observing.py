"""Observing: what the layer of each unit read and gave while a live model ran."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from workers.transplant.calls import Call
from workers.transplant.live_keras import KerasWeights, owners
from workers.transplant.live_torch import TorchWeights
from workers.transplant.nearness import nearest
from workers.transplant.units import Unit
from workers.weights.variables import Array

ALIKE: Final = 1e-3
"""Relative to the largest number: what is read by two layers in one place differs by rounding."""

Live = KerasWeights | TorchWeights


@dataclass(frozen=True, slots=True)
class Sight:
    """The calls of one unit's layer. `whole` where the layer has no other unit, so that what it
    gave is this one's doing. `print` does not depend on the order of the elements that were
    read, nor on zeros around them."""

    at: int
    calls: tuple[Call, ...]
    whole: bool
    print: tuple[float, float, float]


def sights(units: Sequence[Unit], live: Live, calls: Iterable[Call]) -> Mapping[int, Sight]:
    """By the place of each unit whose layer was called and read something."""
    owned = owners(live.model) if isinstance(live, KerasWeights) else {}
    heard: dict[str, list[tuple[int, Call]]] = {}
    for at, call in enumerate(calls):
        if call.read is not None and call.read.size:
            heard.setdefault(call.path, []).append((at, call))
    paths = {each.place: _path(each, owned) for each in units}
    count: dict[str, int] = {}
    for path in paths.values():
        count[path] = count.get(path, 0) + 1
    found: dict[int, Sight] = {}
    for each in units:
        path = paths[each.place]
        if path in heard:
            made = tuple(call for _, call in heard[path])
            whole = count[path] == 1
            found[each.place] = Sight(heard[path][0][0], made, whole, _print(made))
    return found


def _path(unit: Unit, owned: Mapping[str, str]) -> str:
    path = owned.get(unit.variables[0], unit.scope)
    kind = unit.layer.kind if unit.layer else ""
    return path.rpartition("/")[0] if owned and kind.endswith("Cell") else path


def _print(calls: Sequence[Call]) -> tuple[float, float, float]:
    import numpy as np

    reads = [each.read.astype(np.float64) for each in calls if each.read is not None]
    total = sum(float(each.sum()) for each in reads)
    squares = sum(float((each * each).sum()) for each in reads)
    return total, squares, max(float(np.abs(each).max(initial=0.0)) for each in reads)


def same_print(one: Sight, other: Sight) -> bool:
    """Whether both may have read the same numbers, in whichever layout."""
    (total, squares, most), (total_2, squares_2, most_2) = one.print, other.print
    near = abs(squares - squares_2) <= ALIKE * squares and abs(most - most_2) <= ALIKE * most
    return near and abs(total - total_2) <= ALIKE * max(squares, abs(total), most)


def same_reads(one: Sight, other: Sight) -> bool:
    """Whether both read the same numbers, in layouts that go together. Where one reads flat
    maps, any order of their channels is."""
    if not same_print(one, other):
        return False
    if len(one.calls) != len(other.calls):
        return True
    for here, there in zip(one.calls, other.calls, strict=True):
        if here.read is None or there.read is None:
            return False
        apart = nearest(here.read, there.read)
        if apart is not None and apart > ALIKE and not channels(here.read, there.read):
            return False
    return True


def channels(keras: Array, torch: Array) -> int | None:
    """How many channels the maps had that Keras's layer read in a row with the channels last and
    PyTorch's with the channels first; None: these are no such two. The order of arguments does
    not matter, but for the count: it is then that of the places."""
    if keras.ndim != 2 or keras.shape != torch.shape:  # noqa: PLR2004 - a row each
        return None
    rows, length = keras.shape
    for count in range(2, length // 2 + 1):
        if length % count == 0:
            turned = keras.reshape(rows, length // count, count).swapaxes(1, 2)
            if _near(turned.reshape(rows, length), torch):
                return count
    return None


def _near(one: Array, other: Array) -> bool:
    import numpy as np

    scale = float(np.abs(one).max(initial=0.0))
    return float(np.abs(one - other).max(initial=0.0)) <= ALIKE * scale


def flat(array: Array | None) -> bool:
    """Whether it is one row of more than one number for each example."""
    return array is not None and array.ndim == 2 and prod(array.shape[1:]) > 1  # noqa: PLR2004
