"""Recurrent: LSTM and GRU, in both directions, stacked, and with attention."""

from typing import Any

from bench.pairs.pair import Pair, tokens, vectors

FAMILY = "sequences"


def lstm_keras() -> Any:
    """One layer whose kernels are square, so that no shape tells them apart."""
    import keras
    from keras import layers

    return keras.Sequential([keras.Input((9, 16)), layers.LSTM(16), layers.Dense(4)])


def lstm_torch() -> Any:
    """The last output of the whole sequence."""
    import torch
    from torch import nn

    class Lstm(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.LSTM(16, 16, batch_first=True)
            self.out = nn.Linear(16, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.out(self.rnn(x)[0][:, -1])

    return Lstm()


def stacked_keras() -> Any:
    """Two layers in both directions over embedded words, and a label for each."""
    import keras
    from keras import layers

    text = keras.Input((12,), dtype="int32")
    x = layers.Embedding(60, 20)(text)
    for _ in range(2):
        x = layers.Bidirectional(layers.LSTM(16, return_sequences=True))(x)
    return keras.Model(text, layers.TimeDistributed(layers.Dense(7))(x))


def stacked_torch() -> Any:
    """One module with `num_layers=2`."""
    import torch
    from torch import nn

    class Tagger(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.word_embeddings = nn.Embedding(60, 20)
            self.lstm = nn.LSTM(20, 16, num_layers=2, bidirectional=True, batch_first=True)
            self.hidden2tag = nn.Linear(32, 7)

        def forward(self, text: torch.Tensor) -> torch.Tensor:
            return self.hidden2tag(self.lstm(self.word_embeddings(text))[0])

    return Tagger()


def gru_keras() -> Any:
    """Two layers, with `reset_after` as it is by default."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((10, 6)),
            layers.GRU(18, return_sequences=True, name="encoder_gru"),
            layers.GRU(18, name="summary_gru"),
            layers.LayerNormalization(epsilon=1e-5),
            layers.Dense(3, name="head"),
        ]
    )


def gru_torch() -> Any:
    """Two modules."""
    import torch
    from torch import nn

    class Gru(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.gru1 = nn.GRU(6, 18, batch_first=True)
            self.gru2 = nn.GRU(18, 18, batch_first=True)
            self.ln = nn.LayerNorm(18)
            self.fc = nn.Linear(18, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            every, _ = self.gru1(x)
            return self.fc(self.ln(self.gru2(every)[1][-1]))

    return Gru()


def elman_keras() -> Any:
    """A simple recurrent layer in both directions, of which the last states are joined."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((8, 5)),
            layers.Bidirectional(layers.SimpleRNN(10)),
            layers.Dense(2, activation="sigmoid"),
        ]
    )


def elman_torch() -> Any:
    """The same from the states that the module gives."""
    import torch
    from torch import nn

    class Elman(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.birnn = nn.RNN(5, 10, batch_first=True, bidirectional=True)
            self.classify = nn.Linear(20, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            states = self.birnn(x)[1]
            return self.classify(torch.cat([states[0], states[1]], 1)).sigmoid()

    return Elman()


def translator_keras() -> Any:
    """An encoder's states start the decoder, which attends to the encoder's outputs."""
    import keras
    from keras import layers

    source = keras.Input((9,), dtype="int32", name="source")
    target = keras.Input((7,), dtype="int32", name="target")
    x = layers.Embedding(30, 16, name="source_embedding")(source)
    seen, hidden, cell = layers.LSTM(16, return_sequences=True, return_state=True, name="encoder")(
        x
    )
    y = layers.Embedding(30, 16, name="target_embedding")(target)
    y = layers.LSTM(16, return_sequences=True, name="decoder")(y, initial_state=[hidden, cell])
    attended = layers.Attention(name="attention")([y, seen])
    y = layers.Concatenate()([y, attended])
    y = layers.Dense(16, activation="tanh", name="attention_out")(y)
    return keras.Model([source, target], layers.Dense(30, name="vocabulary")(y))


def translator_torch() -> Any:
    """Two modules inside a third."""
    import torch
    from torch import nn

    class Encoder(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(30, 16)
            self.rnn = nn.LSTM(16, 16, batch_first=True)

        def forward(self, text: torch.Tensor) -> Any:
            return self.rnn(self.embed(text))

    class Decoder(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(30, 16)
            self.rnn = nn.LSTM(16, 16, batch_first=True)
            self.combine = nn.Linear(32, 16)
            self.generator = nn.Linear(16, 30)

        def forward(self, text: torch.Tensor, seen: torch.Tensor, states: Any) -> torch.Tensor:
            y, _ = self.rnn(self.embed(text), states)
            attended = (y @ seen.transpose(1, 2)).softmax(-1) @ seen
            return self.generator(self.combine(torch.cat([y, attended], -1)).tanh())

    class Seq2Seq(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.encoder = Encoder()
            self.decoder = Decoder()

        def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return self.decoder(target, *self.encoder(source))

    return Seq2Seq()


PAIRS = (
    Pair("LSTM", FAMILY, lstm_keras, lstm_torch, vectors((9, 16))),
    Pair("Stacked BiLSTM", FAMILY, stacked_keras, stacked_torch, tokens(60, 12)),
    Pair("GRU", FAMILY, gru_keras, gru_torch, vectors((10, 6))),
    Pair("Bidirectional RNN", FAMILY, elman_keras, elman_torch, vectors((8, 5))),
    Pair("Seq2seq, attention", FAMILY, translator_keras, translator_torch, tokens(30, 9, 7)),
)
