"""Attending: transformers."""

from typing import Any

from bench.pairs.pair import Pair, pictures, tokens, vectors

FAMILY = "transformers"
WIDTH, HEADS, LAYERS = 32, 4, 2


def encoder_keras() -> Any:
    """Norms behind the sums, as in the first transformer; automatic names."""
    import keras
    from keras import layers

    x = text = keras.Input((10, WIDTH))
    for _ in range(LAYERS):
        y = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(x, x)
        x = layers.LayerNormalization(epsilon=1e-5)(layers.Add()([x, y]))
        y = layers.Dense(WIDTH)(layers.Dense(64, activation="relu")(x))
        x = layers.LayerNormalization(epsilon=1e-5)(layers.Add()([x, y]))
    return keras.Model(text, layers.Dense(5)(layers.GlobalAveragePooling1D()(x)))


def encoder_torch() -> Any:
    """`nn.TransformerEncoder`, whose queries, keys and values are one matrix."""
    import torch
    from torch import nn

    class Classifier(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 64, batch_first=True)
            self.transformer = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
            self.head = nn.Linear(WIDTH, 5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.transformer(x).mean(1))

    return Classifier()


def vision_keras() -> Any:
    """A Vision Transformer: patches by a convolution, a class token, norms before."""
    import keras
    from keras import layers

    class ClassToken(layers.Layer):  # type: ignore[misc] # keras is not typed here
        def build(self, shape: Any) -> None:
            self.token = self.add_weight(shape=(1, 1, shape[-1]), name="cls")

        def call(self, x: Any) -> Any:
            rows = keras.ops.shape(x)[0]
            token = keras.ops.broadcast_to(self.token, (rows, 1, WIDTH))
            return keras.ops.concatenate([token, x], 1)

    class AddPosition(layers.Layer):  # type: ignore[misc] # keras is not typed here
        def build(self, shape: Any) -> None:
            self.table = self.add_weight(shape=(1, *shape[1:]), name="pos_embedding")

        def call(self, x: Any) -> Any:
            return x + self.table

    def normed(x: Any, name: str) -> Any:
        return layers.LayerNormalization(epsilon=1e-6, name=name)(x)

    picture = keras.Input((16, 16, 3))
    x = layers.Conv2D(WIDTH, 4, 4, name="embedding")(picture)
    x = layers.Reshape((16, WIDTH))(x)
    x = AddPosition(name="posembed_input")(ClassToken(name="class_token")(x))
    for block in range(LAYERS):
        name = f"encoderblock_{block}"
        y = normed(x, f"{name}_ln1")
        y = layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name=f"{name}_mha")(y, y)
        x = layers.Add()([x, y])
        y = normed(x, f"{name}_ln2")
        y = layers.Dense(2 * WIDTH, activation="gelu", name=f"{name}_mlp1")(y)
        x = layers.Add()([x, layers.Dense(WIDTH, name=f"{name}_mlp2")(y)])
    x = normed(x, "encoder_norm")
    return keras.Model(picture, layers.Dense(10, name="head")(x[:, 0]))


def vision_torch() -> Any:
    """With timm's names: `qkv` in one, `cls_token` and `pos_embed` of the model itself."""
    import torch
    from torch import nn

    class Attention(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
            self.proj = nn.Linear(WIDTH, WIDTH)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            rows, length, _ = x.shape
            parts = self.qkv(x).reshape(rows, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
            y = nn.functional.scaled_dot_product_attention(*parts)
            return self.proj(y.transpose(1, 2).flatten(2))

    class Block(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.norm1 = nn.LayerNorm(WIDTH, eps=1e-6)
            self.attn = Attention()
            self.norm2 = nn.LayerNorm(WIDTH, eps=1e-6)
            self.mlp = nn.Sequential(
                nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH)
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = x + self.attn(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    class VisionTransformer(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.cls_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
            self.pos_embed = nn.Parameter(torch.zeros(1, 17, WIDTH))
            self.patch_embed = nn.Conv2d(3, WIDTH, 4, 4)
            self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
            self.norm = nn.LayerNorm(WIDTH, eps=1e-6)
            self.head = nn.Linear(WIDTH, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.patch_embed(x).flatten(2).transpose(1, 2)
            x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
            return self.head(self.norm(self.blocks(x))[:, 0])

    return VisionTransformer()


def decoder_keras() -> Any:
    """GPT: causal attention, norms before, and a head tied to the table of words."""
    import keras
    from keras import layers, ops

    class Position(layers.Layer):  # type: ignore[misc] # keras is not typed here
        def __init__(self) -> None:
            super().__init__(name="position_embedding")
            self.table = layers.Embedding(12, WIDTH, name="table")

        def call(self, x: Any) -> Any:
            return x + self.table(ops.arange(ops.shape(x)[1]))

    text = keras.Input((12,), dtype="int32")
    words = layers.ReversibleEmbedding(40, WIDTH, name="token_embedding")
    x = Position()(words(text))
    for block in range(LAYERS):
        y = layers.LayerNormalization(epsilon=1e-5, name=f"layer_{block}_norm_1")(x)
        attention = layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name=f"layer_{block}_self")
        x = layers.Add()([x, attention(y, y, use_causal_mask=True)])
        y = layers.LayerNormalization(epsilon=1e-5, name=f"layer_{block}_norm_2")(x)
        y = layers.Dense(4 * WIDTH, activation="gelu", name=f"layer_{block}_up")(y)
        x = layers.Add()([x, layers.Dense(WIDTH, name=f"layer_{block}_down")(y)])
    x = layers.LayerNormalization(epsilon=1e-5, name="final_norm")(x)
    return keras.Model(text, words(x, reverse=True))


def decoder_torch() -> Any:
    """With nanoGPT's names; `lm_head` is `wte`."""
    import torch
    from torch import nn

    class SelfAttention(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.c_attn = nn.Linear(WIDTH, 3 * WIDTH)
            self.c_proj = nn.Linear(WIDTH, WIDTH)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            rows, length, _ = x.shape
            q, k, v = (
                each.view(rows, length, HEADS, -1).transpose(1, 2)
                for each in self.c_attn(x).split(WIDTH, 2)
            )
            y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.c_proj(y.transpose(1, 2).flatten(2))

    class Block(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.ln_1 = nn.LayerNorm(WIDTH)
            self.attn = SelfAttention()
            self.ln_2 = nn.LayerNorm(WIDTH)
            self.mlp = nn.ModuleDict(
                {"c_fc": nn.Linear(WIDTH, 4 * WIDTH), "c_proj": nn.Linear(4 * WIDTH, WIDTH)}
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = x + self.attn(self.ln_1(x))
            wide = nn.functional.gelu(self.mlp["c_fc"](self.ln_2(x)))
            return x + self.mlp["c_proj"](wide)

    class Gpt(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.wte = nn.Embedding(40, WIDTH)
            self.wpe = nn.Embedding(12, WIDTH)
            self.h = nn.ModuleList(Block() for _ in range(LAYERS))
            self.ln_f = nn.LayerNorm(WIDTH)
            self.lm_head = nn.Linear(WIDTH, 40, bias=False)
            self.lm_head.weight = self.wte.weight

        def forward(self, text: torch.Tensor) -> torch.Tensor:
            x = self.wte(text) + self.wpe(torch.arange(text.shape[1]))
            for block in self.h:
                x = block(x)
            return self.lm_head(self.ln_f(x))

    return Gpt()


def crossing_keras() -> Any:
    """A decoder's layer: attention to itself, then to another sequence of another width."""
    import keras
    from keras import layers

    x, memory = (each := keras.Input((6, WIDTH))), keras.Input((9, 20))
    y = layers.MultiHeadAttention(HEADS, 8, name="self_attention")(x, x)
    x = layers.LayerNormalization(epsilon=1e-5, name="norm_self")(layers.Add()([x, y]))
    y = layers.MultiHeadAttention(HEADS, 8, name="cross_attention")(x, memory)
    x = layers.LayerNormalization(epsilon=1e-5, name="norm_cross")(layers.Add()([x, y]))
    y = layers.Dense(WIDTH, name="ffn_out")(layers.Dense(48, "gelu", name="ffn_in")(x))
    x = layers.LayerNormalization(epsilon=1e-5, name="norm_ffn")(layers.Add()([x, y]))
    return keras.Model([each, memory], x)


def crossing_torch() -> Any:
    """Where keys have another width PyTorch keeps the three matrices apart, their biases not."""
    import torch
    from torch import nn

    class DecoderLayer(nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.self_attn = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
            self.multihead_attn = nn.MultiheadAttention(
                WIDTH, HEADS, kdim=20, vdim=20, batch_first=True
            )
            self.linear1 = nn.Linear(WIDTH, 48)
            self.linear2 = nn.Linear(48, WIDTH)
            self.norm1 = nn.LayerNorm(WIDTH)
            self.norm2 = nn.LayerNorm(WIDTH)
            self.norm3 = nn.LayerNorm(WIDTH)

        def forward(self, x: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
            x = self.norm1(x + self.self_attn(x, x, x)[0])
            x = self.norm2(x + self.multihead_attn(x, memory, memory)[0])
            return self.norm3(x + self.linear2(nn.functional.gelu(self.linear1(x))))

    return DecoderLayer()


PAIRS = (
    Pair(
        "Transformer encoder", FAMILY, encoder_keras, encoder_torch, vectors((10, WIDTH))
    ),
    Pair("ViT", FAMILY, vision_keras, vision_torch, pictures(16)),
    Pair("GPT, tied head", FAMILY, decoder_keras, decoder_torch, tokens(40, 12)),
    Pair(
        "Cross-attention", FAMILY, crossing_keras, crossing_torch,
        vectors((6, WIDTH), (9, 20)),
    ),
)  # fmt: skip
