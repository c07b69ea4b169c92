"""Cells: the variables of a recurrent layer, found in the names of either framework."""

from collections.abc import Iterator
from dataclasses import dataclass
from re import fullmatch

from workers.transplant.units import MATRIX, Group
from workers.weights.variables import Variable

RULE = r"weight_ih(?:_l(?P<level>\d+))?(?P<back>_reverse)?"


@dataclass(frozen=True, slots=True)
class Cell:
    """One direction of one recurrent layer. `biases` are none, one or two."""

    kernel: Variable
    recurrent: Variable
    biases: tuple[Variable, ...]
    part: tuple[str, ...]
    projection: Variable | None = None


def cells(group: Group, gates: int) -> Iterator[Cell]:
    """Those of a group whose variables have so many gates."""
    found = _keras(group) if group.tensorflow else _torch(group)
    for each in found:
        kernel, recurrent = each.kernel.shape, each.recurrent.shape
        if not len(kernel) == len(recurrent) == MATRIX:
            continue
        wide, units = (recurrent[1], recurrent[0]) if group.tensorflow else recurrent
        if each.projection is not None:
            units = each.projection.shape[1]
        if wide == gates * units and (kernel[1] if group.tensorflow else kernel[0]) == wide:
            yield each


def _keras(group: Group) -> Iterator[Cell]:
    kernel, recurrent = group.leaf("kernel"), group.leaf("recurrent_kernel")
    if kernel is not None and recurrent is not None:
        bias = group.leaf("bias")
        yield Cell(kernel, recurrent, (bias,) if bias else (), ())


def _torch(group: Group) -> Iterator[Cell]:
    both = any(each.endswith("_reverse") for each in group.leaves)
    for leaf, kernel in group.leaves.items():
        found = fullmatch(RULE, leaf)
        if found is None:
            continue
        end = leaf.removeprefix("weight_ih")
        recurrent = group.leaf(f"weight_hh{end}")
        if recurrent is None:
            continue
        biases = (group.leaf(f"bias_ih{end}"), group.leaf(f"bias_hh{end}"))
        part = () if found["level"] is None else ("layer", found["level"])
        if both:
            part = (*part, "backward" if found["back"] else "forward")
        yield Cell(
            kernel,
            recurrent,
            tuple(each for each in biases if each),
            part,
            group.leaf(f"weight_hr{end}"),
        )
