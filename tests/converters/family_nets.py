"""Networks of known families in plain numpy, their variables named as their checkpoints name them.

Written after the papers and their authors' code, with no code of transformers.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Floats = NDArray[Any]
WIDTH, HEADS, LAYERS, WORDS, INNER = 8, 2, 2, 20, 16


@dataclass
class Drawn:
    """Variables, drawn when they are first asked for."""

    random: np.random.Generator
    arrays: dict[str, Floats] = field(default_factory=dict)

    def __call__(self, name: str, *shape: int) -> Floats:
        if name not in self.arrays:
            self.arrays[name] = self.random.normal(0, 0.3, shape).astype(np.float32)
        return self.arrays[name]

    def dense(self, x: Floats, name: str, out: int, *, bias: bool = True) -> Floats:
        y = x @ self(f"{name}/kernel", x.shape[-1], out)
        return y + self(f"{name}/bias", out) if bias else y

    def norm(self, x: Floats, name: str, epsilon: float, leaves: tuple[str, str]) -> Floats:
        scale, shift = (self(f"{name}/{leaf}", x.shape[-1]) for leaf in leaves)
        centred = x - x.mean(-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)
        return centred / deviation * scale + shift


KERAS = ("gamma", "beta")


def attend(q: Floats, k: Floats, v: Floats, bias: Floats | float, scale: float) -> Floats:
    """Of (batch, length, width) each, in HEADS heads. `bias` is added to the scores."""
    parts = [np.stack(np.split(each, HEADS, -1), 1) for each in (q, k, v)]
    scores = parts[0] @ parts[1].swapaxes(-1, -2) * scale + bias
    odds = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = odds / odds.sum(-1, keepdims=True) @ parts[2]
    return np.concatenate(list(np.moveaxis(mixed, 1, 0)), -1)


def gelu(x: Floats) -> Floats:
    return x * (1 + erf(x / np.sqrt(2))) / 2


def gelu_tanh(x: Floats) -> Floats:
    return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


def causal(length: int) -> Floats:
    return np.triu(np.full((length, length), -1e9), 1)


SCALE = (WIDTH // HEADS) ** -0.5


def bert(w: Drawn, ids: Floats) -> tuple[Floats, Floats]:
    """Devlin et al., 2018: scores of words, and of whether the second sentence follows."""
    at = "bert/embeddings"
    table = w(f"{at}/word_embeddings", WORDS, WIDTH)
    x = table[ids] + w(f"{at}/position_embeddings", 12, WIDTH)[: ids.shape[1]]
    x = w.norm(x + w(f"{at}/token_type_embeddings", 2, WIDTH)[0], f"{at}/LayerNorm", 1e-12, KERAS)
    for layer in range(LAYERS):
        at = f"bert/encoder/layer_{layer}"
        q, k, v = (
            w.dense(x, f"{at}/attention/self/{each}", WIDTH) for each in ("query", "key", "value")
        )
        y = w.dense(attend(q, k, v, 0, SCALE), f"{at}/attention/output/dense", WIDTH)
        x = w.norm(x + y, f"{at}/attention/output/LayerNorm", 1e-12, KERAS)
        y = gelu(w.dense(x, f"{at}/intermediate/dense", INNER))
        x = w.norm(
            x + w.dense(y, f"{at}/output/dense", WIDTH), f"{at}/output/LayerNorm", 1e-12, KERAS
        )
    pooled = np.tanh(w.dense(x[:, 0], "bert/pooler/dense", WIDTH))
    at = "cls/predictions"
    y = gelu(w.dense(x, f"{at}/transform/dense", WIDTH))
    y = w.norm(y, f"{at}/transform/LayerNorm", 1e-12, KERAS)
    words = y @ table.T + w(f"{at}/output_bias", WORDS)
    follows = pooled @ w("cls/seq_relationship/output_weights", 2, WIDTH).T
    return words, follows + w("cls/seq_relationship/output_bias", 2)


def gpt2(w: Drawn, ids: Floats) -> Floats:
    """Radford et al., 2019: scores of the next word."""
    table = w("model/wte", WORDS, WIDTH)
    x = table[ids] + w("model/wpe", 12, WIDTH)[: ids.shape[1]]

    def dense(x: Floats, name: str, out: int) -> Floats:
        return x @ w(f"{name}/w", 1, x.shape[-1], out)[0] + w(f"{name}/b", out)

    for layer in range(LAYERS):
        at = f"model/h{layer}"
        y = dense(w.norm(x, f"{at}/ln_1", 1e-5, ("g", "b")), f"{at}/attn/c_attn", 3 * WIDTH)
        q, k, v = np.split(y, 3, -1)
        x = x + dense(attend(q, k, v, causal(ids.shape[1]), SCALE), f"{at}/attn/c_proj", WIDTH)
        y = dense(w.norm(x, f"{at}/ln_2", 1e-5, ("g", "b")), f"{at}/mlp/c_fc", INNER)
        x = x + dense(gelu_tanh(y), f"{at}/mlp/c_proj", WIDTH)
    return w.norm(x, "model/ln_f", 1e-5, ("g", "b")) @ table.T


def t5(w: Drawn, ids: Floats, answer: Floats, *, gated: bool = False) -> Floats:
    """Raffel et al., 2019: scores of the answer's next word. `gated` is version 1.1."""
    table = w("shared/embedding", WORDS, WIDTH)

    def norm(x: Floats, name: str) -> Floats:
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * w(f"{name}/scale", WIDTH)

    def attention(x: Floats, to: Floats, at: str, bias: Floats | float) -> Floats:
        q = x @ w(f"{at}/q", WIDTH, WIDTH)
        k, v = (to @ w(f"{at}/{each}", WIDTH, WIDTH) for each in "kv")
        return attend(q, k, v, bias, 1) @ w(f"{at}/o", WIDTH, WIDTH)

    def feed(x: Floats, at: str) -> Floats:
        names = ("wi_0", "wi_1") if gated else ("wi",)
        inner = [w.dense(x, f"{at}/{each}", INNER, bias=False) for each in names]
        y = gelu_tanh(inner[0]) * inner[1] if gated else np.maximum(inner[0], 0)
        return w.dense(y, f"{at}/wo", WIDTH, bias=False)

    def distances(stack: str, length: int) -> Floats:
        """Short ones, each of which has a bucket of its own."""
        at = f"{stack}/block_000/layer_000/SelfAttention/relative_attention_bias"
        behind = np.arange(length)[:, None] - np.arange(length)
        ahead = 16 - behind if stack == "encoder" else 0 * behind
        return w(at, HEADS, 32)[:, np.where(behind >= 0, behind, ahead)]

    def stack(name: str, x: Floats, encoded: Floats | None) -> Floats:
        length = x.shape[1]
        bias = distances(name, length) + (0 if encoded is None else causal(length))
        for block in range(LAYERS):
            at = f"{name}/block_{block:03}/layer_"
            y = norm(x, f"{at}000/layer_norm")
            x = x + attention(y, y, f"{at}000/SelfAttention", bias)
            if encoded is not None:
                y = norm(x, f"{at}001/layer_norm")
                x = x + attention(y, encoded, f"{at}001/EncDecAttention", 0)
            last = f"{at}{1 if encoded is None else 2:03}"
            x = x + feed(norm(x, f"{last}/layer_norm"), f"{last}/DenseReluDense")
        return norm(x, f"{name}/final_layer_norm")

    x = stack("decoder", table[answer], stack("encoder", table[ids], None))
    if gated:
        return w.dense(x, "decoder/logits", WORDS, bias=False)
    return x * WIDTH**-0.5 @ table.T


def vit(w: Drawn, pictures: Floats) -> Floats:
    """Dosovitskiy et al., 2020: scores of classes for (batch, 8, 8, 3), in patches of 4 by 4."""
    at = "vit/embeddings"
    kernel = w(f"{at}/patch_embeddings/projection/kernel", 4, 4, 3, WIDTH)
    patches = pictures.reshape(-1, 2, 4, 2, 4, 3)
    x = np.einsum("nahbwc,hwcd->nabd", patches, kernel).reshape(-1, 4, WIDTH)
    x = x + w(f"{at}/patch_embeddings/projection/bias", WIDTH)
    first = np.broadcast_to(w(f"{at}/cls_token", 1, 1, WIDTH), (len(x), 1, WIDTH))
    x = np.concatenate([first, x], 1) + w(f"{at}/position_embeddings", 1, 5, WIDTH)
    for layer in range(LAYERS):
        at = f"vit/encoder/layer_._{layer}"
        y = w.norm(x, f"{at}/layernorm_before", 1e-12, KERAS)
        q, k, v = (
            w.dense(y, f"{at}/attention/attention/{each}", WIDTH)
            for each in ("query", "key", "value")
        )
        x = x + w.dense(attend(q, k, v, 0, SCALE), f"{at}/attention/output/dense", WIDTH)
        y = w.norm(x, f"{at}/layernorm_after", 1e-12, KERAS)
        x = x + w.dense(
            gelu(w.dense(y, f"{at}/intermediate/dense", INNER)), f"{at}/output/dense", WIDTH
        )
    return w.dense(w.norm(x, "vit/layernorm", 1e-12, KERAS)[:, 0], "classifier", 3)


def whisper(w: Drawn, sound: Floats, answer: Floats) -> Floats:
    """Radford et al., 2022: scores of the next word for (batch, 20, 8 channels) of sound."""

    def convolved(x: Floats, name: str, stride: int) -> Floats:
        kernel = w(f"model/encoder/{name}/kernel", 3, x.shape[-1], WIDTH)
        padded = np.pad(x, ((0, 0), (1, 1), (0, 0)))
        taps = [padded[:, k : k + x.shape[1]] @ kernel[k] for k in range(3)]
        return gelu(sum(taps)[:, ::stride] + w(f"model/encoder/{name}/bias", WIDTH))

    def attention(x: Floats, to: Floats, at: str, bias: Floats | float) -> Floats:
        q = w.dense(x, f"{at}/q_proj", WIDTH)
        k = w.dense(to, f"{at}/k_proj", WIDTH, bias=False)
        v = w.dense(to, f"{at}/v_proj", WIDTH)
        return w.dense(attend(q, k, v, bias, SCALE), f"{at}/out_proj", WIDTH)

    def stack(name: str, x: Floats, heard: Floats | None) -> Floats:
        for layer in range(LAYERS):
            at = f"model/{name}/layers.{layer}"
            y = w.norm(x, f"{at}/self_attn_layer_norm", 1e-5, KERAS)
            bias = 0 if heard is None else causal(x.shape[1])
            x = x + attention(y, y, f"{at}/self_attn", bias)
            if heard is not None:
                y = w.norm(x, f"{at}/encoder_attn_layer_norm", 1e-5, KERAS)
                x = x + attention(y, heard, f"{at}/encoder_attn", 0)
            y = w.norm(x, f"{at}/final_layer_norm", 1e-5, KERAS)
            x = x + w.dense(gelu(w.dense(y, f"{at}/fc1", INNER)), f"{at}/fc2", WIDTH)
        return w.norm(x, f"model/{name}/layer_norm", 1e-5, KERAS)

    x = convolved(convolved(sound, "conv1", 1), "conv2", 2)
    x = stack("encoder", x + w("model/encoder/embed_positions/weight", 10, WIDTH), None)
    table = w("model/decoder/embed_tokens/embeddings", WORDS, WIDTH)
    positions = w("model/decoder/embed_positions/weight", 12, WIDTH)[: answer.shape[1]]
    return stack("decoder", table[answer] + positions, x) @ table.T
