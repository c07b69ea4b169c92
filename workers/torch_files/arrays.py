"""Arrays between numpy and PyTorch."""

from typing import Any

from numpy.typing import NDArray


def to_torch(array: NDArray[Any]) -> Any:
    """A tensor of the same shape and dtype; bfloat16 is ml_dtypes' in numpy."""
    import numpy as np
    import torch

    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(np.array(array, order="C", copy=True))


def from_torch(tensor: Any) -> NDArray[Any]:
    """An array of its own with the tensor's shape and dtype."""
    import ml_dtypes
    import torch

    plain = tensor.detach().cpu().contiguous()
    if plain.dtype == torch.bfloat16:
        raw: NDArray[Any] = plain.view(torch.int16).numpy()
        halves: NDArray[Any] = raw.view(ml_dtypes.bfloat16).copy()
        return halves
    array: NDArray[Any] = plain.numpy()
    return array.copy()


def numpy_name(dtype: Any) -> str:
    """numpy's name of a torch dtype: `torch.float32` is `float32`."""
    return str(dtype).removeprefix("torch.")
