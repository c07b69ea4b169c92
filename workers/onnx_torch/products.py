"""Products of quantized matrices: zero points and scales by row and by column."""

from torch import Tensor

from workers.onnx_torch.quantizing import number


def by_row(each: Tensor) -> Tensor:
    """One of a matrix, or one for each row of A; of more axes, as it is."""
    return each.reshape(-1, 1) if each.ndim == 1 else each


def by_column(each: Tensor) -> Tensor:
    """One of a matrix, or one for each column of B; of more axes, as it is."""
    return each.reshape(1, -1) if each.ndim == 1 else each


def offset(x: Tensor, zero: Tensor | None) -> Tensor:
    """The numbers that are meant, less their scale: integers, as floats."""
    return number(x) if zero is None else number(x) - number(zero)
