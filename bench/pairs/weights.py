"""Weights: random ones for every variable, those of norms, biases and statistics too.

Made afresh they are ones and zeros, and whatever is mapped wrongly of them is not missed.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def fill_keras(model: Any, seed: int) -> None:
    """Draw all variables of a `keras.Model`."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(_drawn(random, weight.path.rpartition("/")[2], tuple(weight.shape)))


def fill_torch(module: Any, seed: int) -> None:
    """Draw all parameters and floating buffers of a `torch.nn.Module`."""
    import torch

    random = np.random.default_rng(seed)
    held = module.state_dict(keep_vars=True)
    with torch.no_grad():
        for name, tensor in held.items():
            if tensor.is_floating_point():
                drawn = _drawn(random, name.rpartition(".")[2], tuple(tensor.shape))
                tensor.copy_(torch.from_numpy(drawn))


def _drawn(
    random: np.random.Generator, leaf: str, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    if "var" in leaf:
        return random.uniform(0.5, 1.5, shape).astype(np.float32)
    if leaf == "gamma" or (leaf == "weight" and len(shape) == 1):
        return random.uniform(0.7, 1.3, shape).astype(np.float32)
    if len(shape) < 2:
        return random.normal(0, 0.1, shape).astype(np.float32)
    spread = (2.0 / (np.prod(shape) ** 0.5 if len(shape) == 2 else _reads(shape))) ** 0.5
    return random.normal(0, min(spread, 0.5), shape).astype(np.float32)


def _reads(shape: tuple[int, ...]) -> float:
    """About how many numbers one output reads; the larger of what either layout would say."""
    return float(max(np.prod(shape[:-1]), np.prod(shape[1:])))
