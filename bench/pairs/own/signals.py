"""Signals: convolutions over time."""

from typing import Any

from bench.pairs.pair import Pair, signals, tokens

FAMILY = "sequences"


def text_keras() -> Any:
    """Convolutions of three widths over the words of a text, as TextCNN has them."""
    import keras
    from keras import layers

    text = keras.Input((20,), dtype="int32")
    x = layers.Embedding(50, 24)(text)
    found = [
        layers.GlobalMaxPooling1D()(layers.Conv1D(16, width, activation="relu")(x))
        for width in (3, 4, 5)
    ]
    return keras.Model(text, layers.Dense(3, activation="softmax")(layers.Concatenate()(found)))


def text_torch() -> Any:
    """The convolutions in a ModuleList."""
    import torch
    from torch import nn

    class TextCnn(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(50, 24)
            self.convs = nn.ModuleList(nn.Conv1d(24, 16, width) for width in (3, 4, 5))
            self.fc = nn.Linear(48, 3)

        def forward(self, text: torch.Tensor) -> torch.Tensor:
            x = self.embedding(text).transpose(1, 2)
            found = [conv(x).relu().amax(2) for conv in self.convs]
            return self.fc(torch.cat(found, 1)).softmax(-1)

    return TextCnn()


def wave_keras() -> Any:
    """WaveNet: causal dilated convolutions with gates, and a sum of what each block gives."""
    import keras
    from keras import layers

    signal = keras.Input((32, 1))
    x = layers.Conv1D(12, 1, name="input_conv")(signal)
    sums = []
    for step in range(4):
        shape: dict[str, Any] = {"padding": "causal", "dilation_rate": 2**step}
        tanh = layers.Conv1D(12, 2, activation="tanh", name=f"filter_{step}", **shape)(x)
        gate = layers.Conv1D(12, 2, activation="sigmoid", name=f"gate_{step}", **shape)(x)
        y = layers.Multiply()([tanh, gate])
        sums.append(layers.Conv1D(20, 1, name=f"skip_{step}")(y))
        x = layers.Add()([x, layers.Conv1D(12, 1, name=f"residual_{step}")(y)])
    y = layers.ReLU()(layers.Add()(sums))
    y = layers.Conv1D(20, 1, activation="relu", name="post_1")(y)
    # The last block's way on reads nothing: PyTorch's module has it too.
    return keras.Model(signal, [layers.Conv1D(8, 1, name="post_2")(y), x])


def wave_torch() -> Any:
    """A list for each kind of convolution, where the Keras side goes block by block."""
    import torch
    from torch import nn

    class WaveNet(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            steps = [2**step for step in range(4)]
            self.start = nn.Conv1d(1, 12, 1)
            self.filter_convs = nn.ModuleList(nn.Conv1d(12, 12, 2, dilation=d) for d in steps)
            self.gate_convs = nn.ModuleList(nn.Conv1d(12, 12, 2, dilation=d) for d in steps)
            self.residual_convs = nn.ModuleList(nn.Conv1d(12, 12, 1) for _ in steps)
            self.skip_convs = nn.ModuleList(nn.Conv1d(12, 20, 1) for _ in steps)
            self.end_conv_1 = nn.Conv1d(20, 20, 1)
            self.end_conv_2 = nn.Conv1d(20, 8, 1)

        def forward(self, signal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            x, total = self.start(signal), torch.zeros(1)
            for step, conv in enumerate(self.filter_convs):
                before = nn.functional.pad(x, (2**step, 0))
                y = conv(before).tanh() * self.gate_convs[step](before).sigmoid()
                total = total + self.skip_convs[step](y)
                x = x + self.residual_convs[step](y)
            return self.end_conv_2(self.end_conv_1(total.relu()).relu()), x

    return WaveNet()


PAIRS = (
    Pair("TextCNN, Conv1D", FAMILY, text_keras, text_torch, tokens(50, 20)),
    Pair("WaveNet", FAMILY, wave_keras, wave_torch, signals(32, 1)),
)
