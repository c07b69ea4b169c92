"""Disguised: layers of equal shapes whose names and order mislead, so that only a run can tell."""

from typing import Any

from bench.pairs.pair import Pair, pictures, vectors

FAMILY = "disguised"


def swapped_keras() -> Any:
    """`first` before `second`."""
    import keras
    from keras import layers

    given = keras.Input((32,))
    x = layers.Dense(32, activation="relu", name="first")(given)
    x = layers.Dense(32, activation="tanh", name="second")(x)
    return keras.Model(given, layers.Dense(4, name="out")(x))


def swapped_torch() -> Any:
    """`second` before `first`."""
    from torch import Tensor, nn

    class Swapped(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(32, 32)
            self.second = nn.Linear(32, 32)
            self.out = nn.Linear(32, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.first(self.second(x).relu()).tanh())

    return Swapped()


def branches_keras() -> Any:
    """Two blocks of four branches, every layer with as many channels as all others."""
    import keras
    from keras import layers

    def conv(x: Any, size: int) -> Any:
        return layers.Conv2D(6, size, padding="same", activation="relu")(x)

    given = x = keras.Input((8, 8, 6))
    for _ in range(2):
        branches = [conv(x, 1), conv(conv(x, 1), 3), conv(conv(conv(x, 1), 3), 3)]
        pooled = layers.AveragePooling2D(3, 1, padding="same")(x)
        x = layers.Conv2D(6, 1)(layers.Concatenate()([*branches, layers.Conv2D(6, 1)(pooled)]))
    return keras.Model(given, x)


def branches_torch() -> Any:
    """Written down from the end to the beginning."""
    import torch
    from torch import Tensor, nn

    class Block(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.merge = nn.Conv2d(24, 6, 1)
            self.pool_proj = nn.Conv2d(6, 6, 1)
            self.dbl_3 = nn.Conv2d(6, 6, 3, padding=1)
            self.dbl_2 = nn.Conv2d(6, 6, 3, padding=1)
            self.dbl_1 = nn.Conv2d(6, 6, 1)
            self.b3x3_2 = nn.Conv2d(6, 6, 3, padding=1)
            self.b3x3_1 = nn.Conv2d(6, 6, 1)
            self.b1x1 = nn.Conv2d(6, 6, 1)
            self.pool = nn.AvgPool2d(3, 1, 1, count_include_pad=False)

        def forward(self, x: Tensor) -> Tensor:
            double = self.dbl_3(self.dbl_2(self.dbl_1(x).relu()).relu()).relu()
            single = self.b3x3_2(self.b3x3_1(x).relu()).relu()
            parts = [self.b1x1(x).relu(), single, double, self.pool_proj(self.pool(x))]
            return self.merge(torch.cat(parts, 1))

    return nn.Sequential(Block(), Block())


def coupling_keras() -> Any:
    """Scales and shifts of a flow, all of them 8 by 8."""
    import keras
    from keras import layers

    def net(x: Any, last: str | None) -> Any:
        return layers.Dense(8, activation=last)(layers.Dense(8, activation="relu")(x))

    given = keras.Input((16,))
    one, other = given[:, :8], given[:, 8:]
    for _ in range(3):
        scale, shift = net(one, "tanh"), net(one, None)
        one, other = layers.Add()([layers.Multiply()([other, scale]), shift]), one
    return keras.Model(given, layers.Concatenate()([one, other]))


def coupling_torch() -> Any:
    """The shift comes first, by its name and in the module."""
    import torch
    from torch import Tensor, nn

    class Coupling(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.net_b = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
            self.net_s = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh())

        def forward(self, one: Tensor, other: Tensor) -> Tensor:
            return other * self.net_s(one) + self.net_b(one)

    class Flow(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.flows = nn.ModuleList(Coupling() for _ in range(3))

        def forward(self, x: Tensor) -> Tensor:
            one, other = x.chunk(2, 1)
            for flow in self.flows:
                one, other = flow(one, other), one
            return torch.cat([one, other], 1)

    return Flow()


def projections_keras() -> Any:
    """Attention by hand in a model that Keras has no graph of; the value's layer is made first."""
    import keras
    from keras import layers, ops

    class Attention(layers.Layer):  # type: ignore[misc] # keras is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.wv, self.wq, self.wk, self.wo = (layers.Dense(16) for _ in range(4))

        def call(self, x: Any) -> Any:
            scores = ops.matmul(self.wq(x), ops.transpose(self.wk(x), (0, 2, 1))) / 4.0
            return self.wo(ops.matmul(ops.softmax(scores), self.wv(x)))

    class Encoder(keras.Model):  # type: ignore[misc] # keras is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.attentions = [Attention(), Attention()]
            self.top = layers.Dense(3)

        def call(self, x: Any) -> Any:
            for each in self.attentions:
                x = x + each(x)
            return self.top(x)

    model = Encoder()
    model(ops.zeros((1, 6, 16)))
    return model


def projections_torch() -> Any:
    """In another order, and under names that Keras's side has not."""
    from torch import Tensor, nn

    class Attention(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.to_out = nn.Linear(16, 16)
            self.to_keys = nn.Linear(16, 16)
            self.to_queries = nn.Linear(16, 16)
            self.to_values = nn.Linear(16, 16)

        def forward(self, x: Tensor) -> Tensor:
            scores = self.to_queries(x) @ self.to_keys(x).transpose(1, 2) / 4
            return self.to_out(scores.softmax(-1) @ self.to_values(x))

    class Encoder(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(16, 3)
            self.second = Attention()
            self.first = Attention()

        def forward(self, x: Tensor) -> Tensor:
            x = x + self.first(x)
            return self.head(x + self.second(x))

    return Encoder()


def mixer_keras() -> Any:
    """An MLP-Mixer of 9 places and 12 channels, whose two perceptrons have mirrored shapes."""
    import keras
    from keras import layers

    def norm(x: Any) -> Any:
        return layers.LayerNormalization(epsilon=1e-5)(x)

    given = x = keras.Input((9, 12))
    for _ in range(3):
        y = layers.Dense(12, activation="gelu")(layers.Permute((2, 1))(norm(x)))
        x = layers.Add()([x, layers.Permute((2, 1))(layers.Dense(9)(y))])
        y = layers.Dense(9, activation="gelu")(norm(x))
        x = layers.Add()([x, layers.Dense(12)(y)])
    return keras.Model(given, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


def mixer_torch() -> Any:
    """The channels' perceptron comes before the tokens', and the second norm before the first."""
    from torch import Tensor, nn

    def mlp(outer: int, inner: int) -> nn.Sequential:
        return nn.Sequential(nn.Linear(outer, inner), nn.GELU(), nn.Linear(inner, outer))

    class Block(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.channel_mlp = mlp(12, 9)
            self.token_mlp = mlp(9, 12)
            self.ln2 = nn.LayerNorm(12)
            self.ln1 = nn.LayerNorm(12)

        def forward(self, x: Tensor) -> Tensor:
            x = x + self.token_mlp(self.ln1(x).transpose(1, 2)).transpose(1, 2)
            return x + self.channel_mlp(self.ln2(x))

    class Mixer(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(Block() for _ in range(3))
            self.cls = nn.Linear(12, 2)

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = layer(x)
            return self.cls(x.mean(1))

    return Mixer()


PAIRS = (
    Pair("Names in swapped roles", FAMILY, swapped_keras, swapped_torch, vectors((32,))),
    Pair("Equal branches", FAMILY, branches_keras, branches_torch, pictures(8, 6)),
    Pair("Flow, scale and shift", FAMILY, coupling_keras, coupling_torch, vectors((16,))),
    Pair("Attention by hand", FAMILY, projections_keras, projections_torch, vectors((6, 16))),
    Pair("MLP-Mixer", FAMILY, mixer_keras, mixer_torch, vectors((9, 12))),
)
