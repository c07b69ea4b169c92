"""Plain: networks of dense layers and tables of embeddings."""

from typing import Any

from bench.pairs.pair import BATCH, Arrays, Pair, pictures, tokens, vectors

FAMILY = "dense"


def mlp_keras() -> Any:
    """With Keras's automatic names; two of its kernels are square."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((16,)),
            layers.Dense(32, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(32, activation="tanh"),
            layers.Dense(5, activation="softmax"),
        ]
    )


def mlp_torch() -> Any:
    """With indices of a Sequential."""
    from torch import nn

    return nn.Sequential(
        nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(),
        nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 5), nn.Softmax(-1),
    )  # fmt: skip


def autoencoder_keras() -> Any:
    """Convolutions down to a code of 8 numbers, and transposed ones up again."""
    import keras
    from keras import layers

    encoder = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(8, 3, 2, activation="relu"),
            layers.ZeroPadding2D(1),
            layers.Conv2D(16, 3, 2, activation="relu"),
            layers.Flatten(),
            layers.Dense(8, name="code"),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(4 * 4 * 16, activation="relu"),
            layers.Reshape((4, 4, 16)),
            layers.Conv2DTranspose(8, 2, 2, activation="relu"),
            layers.Conv2DTranspose(1, 2, 2, activation="sigmoid"),
        ],
        name="decoder",
    )
    picture = keras.Input((16, 16, 1))
    return keras.Model(picture, decoder(encoder(picture)))


def autoencoder_torch() -> Any:
    """Two Sequentials under one module."""
    from torch import Tensor, nn

    class Autoencoder(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Sequential(
                nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU()
            )
            self.to_code = nn.Linear(256, 8)
            self.from_code = nn.Linear(8, 256)
            self.up = nn.Sequential(
                nn.ConvTranspose2d(16, 8, 2, 2), nn.ReLU(), nn.ConvTranspose2d(8, 1, 2, 2)
            )

        def forward(self, x: Tensor) -> Tensor:
            code = self.to_code(self.down(x).flatten(1))
            return self.up(self.from_code(code).relu().view(-1, 16, 4, 4)).sigmoid()

    return Autoencoder()


def tabular_keras() -> Any:
    """Three columns of categories, each with a table of its own, and six of numbers."""
    import keras
    from keras import layers

    numbers = keras.Input((6,), name="numbers")
    columns = [keras.Input((1,), dtype="int32", name=f"column{each}") for each in range(3)]
    tables = [
        layers.Flatten()(layers.Embedding(rows, width, name=f"embed_{rows}")(column))
        for (rows, width), column in zip(((10, 4), (20, 6), (7, 3)), columns, strict=True)
    ]
    x = layers.Concatenate()([layers.BatchNormalization()(numbers), *tables])
    for width in (24, 12):
        x = layers.Dense(width, use_bias=False)(x)
        x = layers.BatchNormalization(epsilon=1e-5)(x)
        x = layers.ReLU()(x)
    return keras.Model([numbers, *columns], layers.Dense(1, name="price")(x))


def tabular_torch() -> Any:
    """Tables in a ModuleList; the norm of the numbers comes behind them in the module."""
    import torch
    from torch import nn

    class Tabular(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.tables = nn.ModuleList(
                nn.Embedding(rows, width) for rows, width in ((10, 4), (20, 6), (7, 3))
            )
            self.bn_cont = nn.BatchNorm1d(6, eps=1e-3)
            self.layers = nn.Sequential(
                nn.Linear(19, 24, bias=False), nn.BatchNorm1d(24), nn.ReLU(),
                nn.Linear(24, 12, bias=False), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 1),
            )  # fmt: skip

        def forward(self, numbers: torch.Tensor, *columns: torch.Tensor) -> torch.Tensor:
            read = [
                table(column.squeeze(1))
                for table, column in zip(self.tables, columns, strict=True)
            ]
            return self.layers(torch.cat([self.bn_cont(numbers), *read], 1))

    return Tabular()


def tabular_rows(random: Any) -> tuple[Arrays, Arrays]:
    """Six numbers and three categories a row."""
    numbers, _ = vectors((6,))(random)
    columns = tuple(random.integers(0, rows, (BATCH, 1)) for rows in (10, 20, 7))
    return (*numbers, *(each.astype("int32") for each in columns)), (*numbers, *columns)


def siamese_keras() -> Any:
    """One tower for two texts, whose table of embeddings both share."""
    import keras
    from keras import layers

    text = keras.Input((12,), dtype="int32")
    x = layers.Embedding(40, 16, name="words")(text)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dense(24, activation="relu", name="hidden")(x)
    tower = keras.Model(text, layers.Dense(8, name="projection")(x), name="tower")
    left, right = (keras.Input((12,), dtype="int32") for _ in range(2))
    return keras.Model([left, right], layers.Dot(1, normalize=True)([tower(left), tower(right)]))


def siamese_torch() -> Any:
    """The same tower called twice."""
    import torch
    from torch import nn

    class Siamese(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(40, 16)
            self.fc1 = nn.Linear(16, 24)
            self.fc2 = nn.Linear(24, 8)

        def side(self, text: torch.Tensor) -> torch.Tensor:
            return self.fc2(self.fc1(self.embedding(text).mean(1)).relu())

        def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
            return torch.cosine_similarity(self.side(left), self.side(right))[:, None]

    return Siamese()


PAIRS = (
    Pair("MLP", FAMILY, mlp_keras, mlp_torch, vectors((16,))),
    Pair("Autoencoder", FAMILY, autoencoder_keras, autoencoder_torch, pictures(16, 1)),
    Pair("Tabular, embeddings", FAMILY, tabular_keras, tabular_torch, tabular_rows),
    Pair("Siamese", FAMILY, siamese_keras, siamese_torch, tokens(40, 12, 12)),
)
