"""Weights that are held as arrays, and the same layers as each framework keeps them.

The layouts are written out here by numpy alone, from the frameworks' own documents: the matcher's
expressions are held against them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workers.weights.variables import Array, Framework, Layer, Variable

Arrays = dict[str, Array]


@dataclass(frozen=True)
class HeldWeights:
    framework: Framework
    arrays: Mapping[str, Array]
    ordered: bool = True
    ties: Mapping[str, str] = field(default_factory=dict)
    layers: Mapping[str, Layer] = field(default_factory=dict)

    @property
    def variables(self) -> Mapping[str, Variable]:
        return {n: Variable(n, a.shape, str(a.dtype)) for n, a in self.arrays.items()}

    def read(self, name: str) -> Array:
        return self.arrays[name]


def keras(arrays: Mapping[str, Array], **more: Any) -> HeldWeights:
    return HeldWeights(Framework.TENSORFLOW, arrays, **more)


def torch(arrays: Mapping[str, Array], **more: Any) -> HeldWeights:
    return HeldWeights(Framework.PYTORCH, arrays, **more)


@dataclass(frozen=True)
class Both:
    """One layer: its Keras class's word, and its variables by leaf on either side.

    A leaf may be in a scope of its own: `query/kernel`, `out_proj.weight`.
    """

    word: str
    keras: Arrays
    torch: Arrays


class Maker:
    """Makes layers with numbers that nothing else has."""

    def __init__(self, seed: int) -> None:
        self._numbers = np.random.default_rng(seed)

    def _some(self, *shape: int) -> Array:
        return self._numbers.standard_normal(shape).astype(np.float32)

    def conv(self, rank: int, inputs: int, outputs: int, *, bias: bool) -> Both:
        kernel = self._some(*([3] * rank), inputs, outputs)
        turned = np.moveaxis(kernel, (-1, -2), (0, 1))
        return self._biased(f"conv{rank}d", kernel, turned, outputs, bias=bias)

    def conv_transpose(self, rank: int, inputs: int, outputs: int, *, bias: bool) -> Both:
        kernel = self._some(*([3] * rank), outputs, inputs)
        turned = np.moveaxis(kernel, (-1, -2), (0, 1))
        return self._biased(f"conv{rank}d_transpose", kernel, turned, outputs, bias=bias)

    def depthwise(self, channels: int, multiplier: int, *, bias: bool) -> Both:
        kernel = self._some(3, 3, channels, multiplier)
        return self._biased(
            "depthwise_conv2d",
            kernel,
            _grouped(kernel),
            channels * multiplier,
            bias=bias,
            leaf="depthwise_kernel",
        )

    def separable(self, channels: int, outputs: int) -> Both:
        first, second = self._some(3, 3, channels, 1), self._some(1, 1, channels, outputs)
        bias = self._some(outputs)
        return Both(
            "separable_conv2d",
            {"depthwise_kernel": first, "pointwise_kernel": second, "bias": bias},
            {
                "depthwise.weight": _grouped(first),
                "pointwise.weight": second.transpose(3, 2, 0, 1),
                "pointwise.bias": bias,
            },
        )

    def dense(self, inputs: int, outputs: int, *, bias: bool) -> Both:
        kernel = self._some(inputs, outputs)
        return self._biased("dense", kernel, kernel.T, outputs, bias=bias)

    def embedding(self, words: int, size: int) -> Both:
        table = self._some(words, size)
        return Both("embedding", {"embeddings": table}, {"weight": table})

    def batch_norm(self, size: int) -> Both:
        found = [self._some(size) for _ in range(4)]
        leaves = ("gamma", "beta", "moving_mean", "moving_variance")
        others = ("weight", "bias", "running_mean", "running_var")
        return Both(
            "batch_normalization",
            dict(zip(leaves, found, strict=True)),
            dict(zip(others, found, strict=True)) | {"num_batches_tracked": np.array(0)},
        )

    def layer_norm(self, size: int) -> Both:
        scale, shift = self._some(size), self._some(size)
        own = {"gamma": scale, "beta": shift}
        return Both("layer_normalization", own, {"weight": scale, "bias": shift})

    def lstm(self, inputs: int, units: int) -> Both:
        return self._gated("lstm", inputs, units, 4)

    def simple_rnn(self, inputs: int, units: int) -> Both:
        return self._gated("simple_rnn", inputs, units, 1)

    def _gated(self, word: str, inputs: int, units: int, gates: int) -> Both:
        kernel, recurrent = self._some(inputs, gates * units), self._some(units, gates * units)
        bias = self._some(gates * units)
        own = {"kernel": kernel, "recurrent_kernel": recurrent, "bias": bias}
        other = {"weight_ih_l0": kernel.T, "weight_hh_l0": recurrent.T, "bias_ih_l0": bias}
        return Both(word, own, other | {"bias_hh_l0": np.zeros_like(bias)})

    def gru(self, inputs: int, units: int) -> Both:
        kernel, recurrent = self._some(inputs, 3 * units), self._some(units, 3 * units)
        bias = self._some(2, 3 * units)
        return Both(
            "gru",
            {"kernel": kernel, "recurrent_kernel": recurrent, "bias": bias},
            {
                "weight_ih_l0": _reset_first(kernel.T),
                "weight_hh_l0": _reset_first(recurrent.T),
                "bias_ih_l0": _reset_first(bias[0]),
                "bias_hh_l0": _reset_first(bias[1]),
            },
        )

    def attention(self, heads: int, size: int) -> Both:
        wide = heads * size
        names = ("query", "key", "value")
        kernels = [self._some(wide, heads, size) for _ in names]
        biases = [self._some(heads, size) for _ in names]
        out, bias = self._some(heads, size, wide), self._some(wide)
        own: Arrays = {}
        for name, kernel, each in zip(names, kernels, biases, strict=True):
            own |= {f"{name}/kernel": kernel, f"{name}/bias": each}
        fused = [each.reshape(wide, wide).T for each in kernels]
        return Both(
            "multi_head_attention",
            own | {"attention_output/kernel": out, "attention_output/bias": bias},
            {
                "in_proj_weight": np.concatenate(fused),
                "in_proj_bias": np.concatenate([each.reshape(-1) for each in biases]),
                "out_proj.weight": out.reshape(wide, wide).T,
                "out_proj.bias": bias,
            },
        )

    def _biased(
        self,
        word: str,
        kernel: Array,
        turned: Array,
        outputs: int,
        *,
        bias: bool,
        leaf: str = "kernel",
    ) -> Both:
        own, other = {leaf: kernel}, {"weight": turned}
        if bias:
            own["bias"] = other["bias"] = self._some(outputs)
        return Both(word, own, other)


def _grouped(kernel: Array) -> Array:
    height, width, channels, multiplier = kernel.shape
    return kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)


def _reset_first(gates: Array) -> Array:
    update, reset, new = np.split(gates, 3)
    return np.concatenate([reset, update, new])


def automatic(layers: list[Both], first: int = 0) -> Arrays:
    """Keras' own names: `conv2d`, `conv2d_1`."""
    counts: dict[str, int] = {}
    found: Arrays = {}
    for layer in layers:
        count = counts.get(layer.word, first)
        counts[layer.word] = count + 1
        found |= _scoped(f"{layer.word}_{count}" if count else layer.word, layer.keras, "/")
    return found


def named(layers: list[Both], pattern: str) -> Arrays:
    """Names of Keras layers that somebody gave: `{word}` and `{index}` are filled in."""
    found: Arrays = {}
    for index, layer in enumerate(layers):
        scope = pattern.format(word=layer.word, index=index, next=index + 1)
        found |= _scoped(scope, layer.keras, "/")
    return found


def modules(layers: list[Both], pattern: str) -> Arrays:
    """Names of torch modules, filled in alike."""
    found: Arrays = {}
    for index, layer in enumerate(layers):
        scope = pattern.format(word=layer.word, index=index, next=index + 1)
        found |= _scoped(scope, layer.torch, ".")
    return found


def _scoped(scope: str, leaves: Arrays, by: str) -> Arrays:
    return {f"{scope}{by}{leaf}": each for leaf, each in leaves.items()}


def without_counters(arrays: Mapping[str, Array]) -> Iterator[str]:
    """The names that are to be filled."""
    return (name for name in arrays if not name.endswith("num_batches_tracked"))
