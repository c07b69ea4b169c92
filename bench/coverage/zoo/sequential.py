"""Sequential: recurrence, sound, tables, graphs and control flow, in networks of our own."""

from collections.abc import Callable
from typing import Any, Final

from bench.coverage.zoo.architecture import Made


def gru() -> Made:
    """A bidirectional GRU over embeddings, its last state and its mean."""
    import torch
    from torch import nn

    class Reader(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.words, self.head = nn.Embedding(50, 12), nn.Linear(64, 5)
            self.gru = nn.GRU(12, 16, batch_first=True, bidirectional=True)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            found, _ = self.gru(self.words(ids))
            return self.head(torch.cat([found[:, -1], found.mean(1)], 1))

    return Reader(), (torch.randint(0, 50, (2, 9)),)


def elman() -> Made:
    """A plain recurrent network with ReLU, whose states go out, too."""
    import torch
    from torch import nn

    class Elman(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(6, 10, 2, nonlinearity="relu", batch_first=True)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            found, state = self.rnn(x)
            return found, state.transpose(0, 1)

    return Elman(), (torch.randn(2, 7, 6),)


def convolutional_recurrence() -> Made:
    """Steps of a convolutional LSTM over frames."""
    import torch
    from torch import nn

    class Frames(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.gates = nn.Conv2d(3 + 8, 32, 3, padding=1)

        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            hidden = frames.new_zeros(frames.shape[0], 8, 12, 12)
            cell = hidden
            for frame in frames.unbind(1):
                parts = self.gates(torch.cat([frame, hidden], 1)).chunk(4, 1)
                cell = parts[0].sigmoid() * cell + parts[1].sigmoid() * parts[2].tanh()
                hidden = parts[3].sigmoid() * cell.tanh()
            return hidden

    return Frames(), (torch.randn(2, 4, 3, 12, 12),)


def translator() -> Made:
    """torch's own encoder and decoder, with a causal mask."""
    import torch
    from torch import nn

    class Translator(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(60, 32)
            self.both = nn.Transformer(32, 4, 1, 1, 48, dropout=0.0, batch_first=True)
            self.head = nn.Linear(32, 60)

        def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            mask = torch.full((6, 6), float("-inf")).triu(1)
            made = self.both(
                self.words(source), self.words(target), tgt_mask=mask, tgt_is_causal=True
            )
            return self.head(made)

    return Translator(), (torch.randint(0, 60, (2, 9)), torch.randint(0, 60, (2, 6)))


def spectrogram() -> Made:
    """A short-time Fourier transform as a convolution, mel-like bands, and a network on them."""
    import math

    import torch
    from torch import nn

    class Listener(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            angles = torch.arange(32)[:, None] * torch.arange(64)[None] * 2 * math.pi / 64
            waves = torch.stack([angles.cos(), angles.sin()]).flatten(0, 1)
            self.register_buffer("waves", (waves * torch.hann_window(64))[:, None])
            self.bands, self.conv = nn.Linear(32, 12), nn.Conv1d(12, 16, 3, padding=1)

        def forward(self, sound: torch.Tensor) -> torch.Tensor:
            parts = nn.functional.conv1d(sound[:, None], self.waves, stride=32).unflatten(
                1, (2, 32)
            )
            power = torch.log(parts.square().sum(1) + 1e-3)
            y = self.conv(self.bands(power.transpose(1, 2)).relu().transpose(1, 2))
            return nn.functional.glu(y, 1).amax(2)

    return Listener(), (torch.randn(2, 640),)


def table_network() -> Made:
    """Embedded categories beside numbers that are normed, and three layers."""
    import torch
    from torch import nn

    class Table(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.kinds = nn.ModuleList(nn.Embedding(each, 4) for each in (5, 9, 3))
            self.norm = nn.BatchNorm1d(6)
            self.layers = nn.Sequential(
                nn.Linear(18, 24), nn.SELU(), nn.LayerNorm(24), nn.Linear(24, 2)
            )

        def forward(self, kinds: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
            found = [each(kinds[:, index]) for index, each in enumerate(self.kinds)]
            return self.layers(torch.cat([*found, self.norm(numbers)], 1)).softmax(1)

    return Table(), (torch.randint(0, 3, (2, 3)), torch.randn(2, 6))


def table_transformer() -> Made:
    """Each column a token, as in TabTransformer."""
    import torch
    from torch import nn

    class Columns(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.weights, self.places = (nn.Parameter(torch.randn(7, 16)) for _ in range(2))
            layer = nn.TransformerEncoderLayer(16, 4, 24, dropout=0.0, batch_first=True)
            self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = nn.Linear(16, 1)

        def forward(self, numbers: torch.Tensor) -> torch.Tensor:
            tokens = numbers[..., None] * self.weights + self.places
            return self.head(self.layers(tokens).mean(1))

    return Columns(), (torch.randn(2, 7),)


def graph_network() -> Made:
    """Messages along edges, gathered and added up with scatter; edges are an input."""
    import torch
    from torch import nn

    class Messages(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.send, self.keep = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, nodes: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
            for _ in range(2):
                start, end = (each[..., None].expand(-1, -1, 8) for each in edges.unbind(1))
                sent = torch.gather(self.send(nodes), 1, start)
                nodes = torch.tanh(torch.scatter_add(self.keep(nodes), 1, end, sent))
            return nodes

    return Messages(), (torch.randn(2, 6, 8), torch.randint(0, 6, (2, 2, 11)))


def branches() -> Made:
    """A branch that the input decides, by torch.cond."""
    import torch
    from torch import nn

    class Branches(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(6, 6), nn.Linear(6, 6)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cond(
                x.sum() > 0, lambda y: self.one(y).relu(), lambda y: self.two(y).tanh(), (x,)
            )

    return Branches(), (torch.randn(2, 6),)


def loops() -> Made:
    """A while loop that ends when the input's sum is small enough."""
    import torch
    from torch import nn
    from torch._higher_order_ops.while_loop import while_loop

    class Loops(nn.Module):  # type: ignore[misc] # torch is not typed here
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            def more(y: torch.Tensor) -> torch.Tensor:
                return y.abs().sum() > 1

            def halved(y: torch.Tensor) -> tuple[torch.Tensor]:
                return (y * 0.5,)

            return while_loop(more, halved, (x,))[0]

    return Loops(), (torch.randn(2, 6),)


def state_space() -> Made:
    """A linear recurrence written out over its steps, with gates, as in S4."""
    import torch
    from torch import nn

    class States(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.into, self.out = nn.Linear(6, 16), nn.Linear(8, 6)
            self.decay = nn.Parameter(torch.rand(8))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            value, gate = self.into(x).chunk(2, -1)
            powers = torch.arange(9)[:, None] - torch.arange(9)[None]
            kernel = torch.where(
                (powers >= 0)[..., None],
                torch.exp(-self.decay.abs() * powers.clamp(min=0)[..., None]),
                torch.zeros(()),
            )
            return self.out(torch.einsum("tsc,bsc->btc", kernel, value) * gate.sigmoid())

    return States(), (torch.randn(2, 9, 6),)


def mixture() -> Made:
    """Experts of which each token takes the best two."""
    import torch
    from torch import nn

    class Experts(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.gate = nn.Linear(12, 4)
            self.wide = nn.Parameter(torch.randn(4, 12, 16) * 0.3)
            self.back = nn.Parameter(torch.randn(4, 16, 12) * 0.3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            best, where = self.gate(x).softmax(-1).topk(2, -1)
            chosen = torch.zeros_like(self.gate(x)).scatter(-1, where, best)
            every = torch.einsum("btc,ecd->bted", x, self.wide).relu()
            return (torch.einsum("bted,edc->btec", every, self.back) * chosen[..., None]).sum(2)

    return Experts(), (torch.randn(2, 5, 12),)


def autoencoder() -> Made:
    """A variational one that is not sampled: mean and spread go out beside the picture."""
    import torch
    from torch import nn

    class Auto(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.into = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.Flatten())
            self.mean, self.spread = nn.Linear(8 * 49, 4), nn.Linear(8 * 49, 4)
            self.out = nn.Sequential(nn.Linear(4, 8 * 49), nn.Unflatten(1, (8, 7, 7)))
            self.last = nn.ConvTranspose2d(8, 1, 2, 2)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            y = self.into(x)
            mean = self.mean(y)
            return self.last(self.out(mean)).sigmoid(), mean, self.spread(y).exp()

    return Auto(), (torch.randn(2, 1, 14, 14),)


SEQUENTIAL: Final[dict[str, Callable[[], Any]]] = {
    "GRU": gru,
    "Elman RNN": elman,
    "ConvLSTM": convolutional_recurrence,
    "Encoder-decoder": translator,
    "Spectrogram network": spectrogram,
    "Tabular MLP": table_network,
    "TabTransformer": table_transformer,
    "Graph network": graph_network,
    "torch.cond": branches,
    "while_loop": loops,
    "State-space layer": state_space,
    "Mixture of experts": mixture,
    "Autoencoder": autoencoder,
}
