"""Weights: random ones for every variable, those of norms, biases and statistics too.

Made afresh they are ones and zeros, and whatever is mapped wrongly of them is not missed. Kernels
keep the size of what goes through them, so that the last layers still hear the first.
"""

from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

GAIN: Final = 2.0
LARGEST: Final = 0.7


def fill_keras(model: Any, seed: int, gain: float = GAIN) -> None:
    """Draw all variables of a `keras.Model`, each of its own dtype. `gain`: by how much a kernel
    makes the square of what goes through it larger; half of that is lost in a ReLU."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        leaf, shape = weight.path.rpartition("/")[2], tuple(weight.shape)
        depthwise = leaf == "depthwise_kernel" or (len(shape) == 4 and shape[-1] == 1)
        reads = prod(shape[:2] if depthwise else shape[:-1])
        weight.assign(_drawn(random, leaf, shape, gain / reads))


def fill_torch(module: Any, seed: int, gain: float = GAIN) -> None:
    """Draw all parameters and floating buffers of a `torch.nn.Module`."""
    import torch

    random = np.random.default_rng(seed)
    with torch.no_grad():
        for name, tensor in module.state_dict(keep_vars=True).items():
            if tensor.is_floating_point():
                shape = tuple(tensor.shape)
                drawn = _drawn(random, name.rpartition(".")[2], shape, gain / prod(shape[1:]))
                tensor.copy_(torch.from_numpy(drawn))


def _drawn(
    random: np.random.Generator, leaf: str, shape: tuple[int, ...], spread: float
) -> NDArray[np.float32]:
    """`spread`: the variance of a kernel's numbers."""
    if "var" in leaf:
        found = random.uniform(0.5, 1.5, shape)
    elif leaf == "gamma" or (leaf == "weight" and len(shape) == 1):
        found = random.uniform(0.7, 1.3, shape)
    elif len(shape) < 2:
        found = random.normal(0, 0.1, shape)
    else:
        found = random.normal(0, min(spread**0.5, LARGEST), shape)
    return found.astype(np.float32)
