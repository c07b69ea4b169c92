"""Windows: where a kernel falls on an input, by ONNX's words for it.

Lengths may be symbols: nothing here decides anything by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from workers.onnx_graph.refusals import CannotTranslate


@dataclass(frozen=True, slots=True)
class Window:
    """Kernel, strides, dilations and the padding before and after, each by spatial axis."""

    kernel: list[Any]
    strides: list[int]
    dilations: list[int]
    begins: list[Any]
    ends: list[Any]

    @property
    def rank(self) -> int:
        """How many spatial axes."""
        return len(self.kernel)

    @property
    def reaches(self) -> list[Any]:
        """What a kernel spans, by axis."""
        return [
            dilation * (size - 1) + 1
            for size, dilation in zip(self.kernel, self.dilations, strict=True)
        ]

    @property
    def even(self) -> bool:
        """Whether as much is padded before as after, so that torch's own padding does."""
        return all(
            isinstance(before, int) and isinstance(after, int) and before == after >= 0
            for before, after in zip(self.begins, self.ends, strict=True)
        )

    @property
    def padded(self) -> bool:
        """Whether anything is padded at all."""
        return any(not isinstance(each, int) or each for each in (*self.begins, *self.ends))

    @property
    def amounts(self) -> list[Any]:
        """The padding as torch's `pad` takes it: the last axis first."""
        pairs = zip(reversed(self.begins), reversed(self.ends), strict=True)
        return [each for pair in pairs for each in pair]

    def overhangs(self, lengths: Sequence[Any]) -> list[Any]:
        """How far beyond its padded end an input must go for a last window to be begun.

        A window that would begin in the padding after the input is left out, as torch does.
        """
        found = []
        for length, begin, end, reach, stride in zip(
            lengths, self.begins, self.ends, self.reaches, self.strides, strict=True
        ):
            free = length + begin + end - reach
            steps = -(-free // stride)
            steps = least(steps, (length + begin - 1) // stride)
            found.append(most(steps * stride - free, 0))
        return found


def window(
    lengths: Sequence[Any],
    kernel: Sequence[Any],
    *,
    strides: list[int] | None,
    dilations: list[int] | None,
    pads: list[int] | None,
    auto_pad: str | None,
) -> Window:
    """From the attributes of Conv and the pools, on spatial axes of those lengths.

    Raises CannotTranslate where `auto_pad` is none of ONNX's words.
    """
    rank = len(kernel)
    strides = list(strides or [1] * rank)
    dilations = list(dilations or [1] * rank)
    if auto_pad == "VALID":
        begins, ends = [0] * rank, [0] * rank
    elif auto_pad in {"SAME_UPPER", "SAME_LOWER"}:
        upper = auto_pad == "SAME_UPPER"
        begins, ends = _evened(lengths, kernel, strides, dilations, upper=upper)
    elif auto_pad in {None, "NOTSET"}:
        given = list(pads or [0] * (2 * rank))
        begins, ends = given[:rank], given[rank:]
    else:
        raise CannotTranslate(f"auto_pad is '{auto_pad}', which ONNX does not know")
    return Window(list(kernel), strides, dilations, begins, ends)


def _evened(
    lengths: Sequence[Any],
    kernel: Sequence[Any],
    strides: list[int],
    dilations: list[int],
    *,
    upper: bool,
) -> tuple[list[Any], list[Any]]:
    """So that an axis ends with a `stride`th of its length, rounded up; the rest at either end."""
    totals = []
    for length, size, stride, dilation in zip(lengths, kernel, strides, dilations, strict=True):
        spare = dilation * (size - 1)
        missing = spare if stride == 1 else ((length - 1) // stride) * stride + spare + 1 - length
        totals.append(most(missing, 0))
    halves = [total // 2 for total in totals]
    rests = [total - half for total, half in zip(totals, halves, strict=True)]
    return (halves, rests) if upper else (rests, halves)


def most(one: Any, other: Any) -> Any:
    """The greater of two numbers, either of which may be a symbol."""
    if isinstance(one, int) and isinstance(other, int):
        return max(one, other)
    return torch.sym_max(one, other)


def least(one: Any, other: Any) -> Any:
    """The smaller of two numbers, either of which may be a symbol."""
    if isinstance(one, int) and isinstance(other, int):
        return min(one, other)
    return torch.sym_min(one, other)
