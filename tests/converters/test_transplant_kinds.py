"""Each kind of layer computes in torch what it computes in Keras, and back."""

import keras
import numpy as np
import pytest
import torch
from torch import nn

from tests.unit.held_weights import HeldWeights
from workers.transplant.carrying import made
from workers.transplant.matching import match
from workers.transplant.simplifying import simplified
from workers.weights.variables import Framework

SEED = np.random.default_rng(11)


class Attention(keras.layers.Layer):
    """Of a sequence to itself."""

    def __init__(self) -> None:
        super().__init__(name="attending")
        self.attention = keras.layers.MultiHeadAttention(2, 4)

    def build(self, shape):
        self.attention.build(shape, shape)

    def call(self, x):
        return self.attention(x, x)


class Separable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(5, 5, 3, groups=5, bias=False)
        self.pointwise = nn.Conv2d(5, 6, 1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class First(nn.Module):
    """The sequence that a recurrent module gives."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)[0]


def both_ways(layer):
    return keras.layers.Bidirectional(layer(6, return_sequences=True))


L = keras.layers
MAPS, SEQUENCE = (9, 8, 5), (4, 8)
KINDS = {
    "conv1d": (SEQUENCE, lambda: L.Conv1D(6, 3), lambda: nn.Conv1d(8, 6, 3)),
    "conv2d": (MAPS, lambda: L.Conv2D(6, (2, 3)), lambda: nn.Conv2d(5, 6, (2, 3))),
    "conv3d": ((4, 5, 6, 3), lambda: L.Conv3D(4, 2), lambda: nn.Conv3d(3, 4, 2)),
    "depthwise": (
        MAPS,
        lambda: L.DepthwiseConv2D(3, depth_multiplier=2),
        lambda: nn.Conv2d(5, 10, 3, groups=5),
    ),
    "grouped": (
        (9, 8, 6),
        lambda: L.Conv2D(4, 3, groups=2),
        lambda: nn.Conv2d(6, 4, 3, groups=2),
    ),
    "separable": (MAPS, lambda: L.SeparableConv2D(6, 3), Separable),
    "transposed": (
        MAPS,
        lambda: L.Conv2DTranspose(6, 3, strides=2),
        lambda: nn.ConvTranspose2d(5, 6, 3, stride=2),
    ),
    "dense": (SEQUENCE, lambda: L.Dense(6), lambda: nn.Linear(8, 6)),
    "batch norm": (
        MAPS,
        lambda: L.BatchNormalization(epsilon=1e-5),
        lambda: nn.BatchNorm2d(5),
    ),
    "batch norm without scale": (
        MAPS,
        lambda: L.BatchNormalization(epsilon=1e-5, scale=False),
        lambda: nn.BatchNorm2d(5),
    ),
    "layer norm": (
        SEQUENCE,
        lambda: L.LayerNormalization(epsilon=1e-5),
        lambda: nn.LayerNorm(8),
    ),
    "group norm": (
        (9, 8, 6),
        lambda: L.GroupNormalization(2, epsilon=1e-5),
        lambda: nn.GroupNorm(2, 6),
    ),
    "lstm": (
        SEQUENCE,
        lambda: L.LSTM(6, return_sequences=True),
        lambda: First(nn.LSTM(8, 6, batch_first=True)),
    ),
    "gru": (
        SEQUENCE,
        lambda: L.GRU(6, return_sequences=True),
        lambda: First(nn.GRU(8, 6, batch_first=True)),
    ),
    "rnn": (
        SEQUENCE,
        lambda: L.SimpleRNN(6, return_sequences=True),
        lambda: First(nn.RNN(8, 6, batch_first=True)),
    ),
    "lstm of two layers, both ways": (
        SEQUENCE,
        lambda: keras.Sequential([both_ways(L.LSTM), both_ways(L.LSTM)]),
        lambda: First(nn.LSTM(8, 6, 2, batch_first=True, bidirectional=True)),
    ),
    "gru of two layers, both ways": (
        SEQUENCE,
        lambda: keras.Sequential([both_ways(L.GRU), both_ways(L.GRU)]),
        lambda: First(nn.GRU(8, 6, 2, batch_first=True, bidirectional=True)),
    ),
    "attention": (SEQUENCE, Attention, Attending),
    "prelu": (MAPS, lambda: L.PReLU(shared_axes=[1, 2]), lambda: nn.PReLU(5)),
}


def of_keras(model):
    arrays = {each.path: each.numpy() for each in model.weights if "seed" not in each.path}
    return HeldWeights(Framework.TENSORFLOW, arrays)


def of_torch(module):
    arrays = {name: each.numpy().copy() for name, each in module.state_dict().items()}
    return HeldWeights(Framework.PYTORCH, arrays)


def filled(transfer, source):
    assert transfer.complete, transfer
    return {each.target: made(each.value, source.read) for each in transfer.moves}


def random_like(array):
    """Positive, since variances are among them."""
    return SEED.uniform(0.2, 1.0, array.shape).astype(array.dtype)


def results(model, module, shape):
    given = SEED.standard_normal((2, *shape)).astype(np.float32)
    maps = len(shape) > 2 or any(isinstance(each, nn.Conv1d) for each in module.modules())
    turned = np.moveaxis(given, -1, 1) if maps else given
    with torch.no_grad():
        found = module(torch.from_numpy(np.ascontiguousarray(turned))).numpy()
    return np.asarray(model(given)), np.moveaxis(found, 1, -1) if maps else found


@pytest.mark.parametrize("kind", KINDS)
def test_computes_the_same_both_ways(kind):
    shape, layer, make = KINDS[kind]
    model = keras.Sequential([keras.Input(shape), layer()])
    module = make().eval()
    for each in model.weights:
        if "seed" not in each.path:
            each.assign(random_like(each.numpy()))

    source, template = of_keras(model), of_torch(module)
    forth = filled(match(source, template), source)
    module.load_state_dict(
        {k: torch.from_numpy(np.array(v)) for k, v in forth.items()}, strict=False
    )
    np.testing.assert_allclose(*results(model, module, shape), rtol=1e-4, atol=1e-5)

    held = of_torch(module)
    back = match(held, source)
    for name, array in filled(back, held).items():
        np.testing.assert_array_equal(array, source.arrays[name], err_msg=name)
    shapes = {name: each.shape for name, each in held.variables.items()}
    assert all(simplified(each.value, shapes) == each.value for each in back.moves)


def test_adds_both_biases_of_torch():
    module = First(nn.LSTM(8, 6, batch_first=True)).eval()
    model = keras.Sequential([keras.Input(SEQUENCE), L.LSTM(6, return_sequences=True)])
    source = of_torch(module)
    found = filled(match(source, of_keras(model)), source)
    for each in model.weights:
        if each.path in found:
            each.assign(found[each.path])
    np.testing.assert_allclose(*results(model, module, SEQUENCE), rtol=1e-4, atol=1e-5)


def test_reads_flattened_maps_in_the_other_order():
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), L.Conv2D(4, 3, activation="relu"), L.Flatten(), L.Dense(5)]
    )
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5)).eval()
    source = of_keras(model)
    found = filled(match(source, of_torch(module)), source)
    module.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in found.items()})
    given = SEED.standard_normal((2, 8, 8, 3)).astype(np.float32)
    with torch.no_grad():
        there = module(torch.from_numpy(np.moveaxis(given, -1, 1).copy())).numpy()
    np.testing.assert_allclose(np.asarray(model(given)), there, rtol=1e-4, atol=1e-5)


def test_says_that_torch_has_no_gru_with_its_reset_before():
    model = keras.Sequential([keras.Input(SEQUENCE), L.GRU(6, reset_after=False)])
    transfer = match(of_keras(model), of_torch(First(nn.GRU(8, 6))))
    assert not transfer.moves
    assert "reset_after=False" in transfer.unread[0].why
