"""Known families: checkpoints under their public names, into the modules of transformers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.converters import family_nets as nets
from tests.converters.family_nets import HEADS, INNER, LAYERS, WIDTH, WORDS, Drawn
from workers.transplant.applying import apply
from workers.transplant.carrying import carry, made
from workers.transplant.families import named, recognised
from workers.transplant.live_torch import TorchWeights
from workers.weights.opening import open_weights
from workers.weights.variables import Framework

IDS = np.array([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]])
ANSWER = np.array([[2, 7, 1], [8, 2, 8]])
RANDOM = np.random.default_rng(3)
PICTURES = RANDOM.normal(0, 1, (2, 8, 8, 3)).astype(np.float32)
SOUND = RANDOM.normal(0, 1, (2, 20, 8)).astype(np.float32)
SLOTS = {"bert": "bert/pooler/dense/kernel/adam_m", "t5": "shared/embedding_slot_vr"}


@dataclass(frozen=True)
class Case:
    family: str
    module: Callable[[Any], Any]
    net: Callable[[Drawn], Any]
    inputs: Callable[[Any], dict[str, Any]]
    outputs: tuple[str, ...] = ("logits",)


def _bert(t: Any) -> Any:
    sizes = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
    config = t.BertConfig(
        vocab_size=WORDS, intermediate_size=INNER, max_position_embeddings=12, **sizes
    )
    return t.BertForPreTraining(config)


def _gpt2(t: Any) -> Any:
    config = t.GPT2Config(
        vocab_size=WORDS, n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, n_inner=INNER,
        n_positions=12, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    return t.GPT2LMHeadModel(config)


def _t5(t: Any, **options: Any) -> Any:
    config = t.T5Config(
        vocab_size=WORDS, d_model=WIDTH, d_kv=WIDTH // HEADS, d_ff=INNER, num_layers=LAYERS,
        num_heads=HEADS, **options,
    )  # fmt: skip
    return t.T5ForConditionalGeneration(config)


def _t5_of_1_1(t: Any) -> Any:
    """With a head of its own, which its class would tie to the words' table."""
    import torch

    module = _t5(t, feed_forward_proj="gated-gelu", tie_word_embeddings=False)
    module.lm_head.weight = torch.nn.Parameter(torch.randn(WORDS, WIDTH))
    return module


def _vit(t: Any) -> Any:
    sizes = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
    config = t.ViTConfig(
        intermediate_size=INNER, image_size=8, patch_size=4, num_labels=3, layer_norm_eps=1e-12,
        **sizes,
    )  # fmt: skip
    return t.ViTForImageClassification(config)


def _whisper(t: Any) -> Any:
    config = t.WhisperConfig(
        vocab_size=WORDS, d_model=WIDTH, num_mel_bins=8, max_source_positions=10,
        max_target_positions=12, encoder_layers=LAYERS, decoder_layers=LAYERS,
        encoder_attention_heads=HEADS, decoder_attention_heads=HEADS, encoder_ffn_dim=INNER,
        decoder_ffn_dim=INNER, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        decoder_start_token_id=1, suppress_tokens=None, begin_suppress_tokens=None,
    )  # fmt: skip
    return t.WhisperForConditionalGeneration(config)


def _answered(torch: Any) -> dict[str, Any]:
    return {"input_ids": torch.tensor(IDS), "decoder_input_ids": torch.tensor(ANSWER)}


CASES = {
    "bert": Case("bert", _bert, lambda w: nets.bert(w, IDS),
                 lambda torch: {"input_ids": torch.tensor(IDS)},
                 ("prediction_logits", "seq_relationship_logits")),
    "gpt2": Case("gpt2", _gpt2, lambda w: nets.gpt2(w, IDS),
                 lambda torch: {"input_ids": torch.tensor(IDS)}),
    "t5": Case("t5", _t5, lambda w: nets.t5(w, IDS, ANSWER), _answered),
    "t5-1.1": Case("t5", _t5_of_1_1, lambda w: nets.t5(w, IDS, ANSWER, gated=True), _answered),
    "vit": Case("vit", _vit, lambda w: nets.vit(w, PICTURES),
                lambda torch: {"pixel_values": torch.tensor(PICTURES.transpose(0, 3, 1, 2))}),
    "whisper": Case("whisper", _whisper, lambda w: nets.whisper(w, SOUND, ANSWER),
                    lambda torch: {"input_features": torch.tensor(SOUND.transpose(0, 2, 1)),
                                   "decoder_input_ids": torch.tensor(ANSWER)}),
}  # fmt: skip


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    def written(arrays: dict[str, Any]) -> Path:
        import tensorflow as tf

        folder = tmp_path / "checkpoint"
        folder.mkdir()
        tf.raw_ops.SaveV2(
            prefix=str(folder / "model.ckpt"),
            tensor_names=list(arrays),
            shape_and_slices=[""] * len(arrays),
            tensors=[tf.constant(each) for each in arrays.values()],
        )
        return folder

    return written


@pytest.mark.parametrize("name", CASES)
def test_a_checkpoint_computes_the_same_in_transformers(
    name: str, checkpoint: Callable[[dict[str, Any]], Path]
) -> None:
    import torch
    import transformers

    case = CASES[name]
    drawn = Drawn(np.random.default_rng(7))
    expected = case.net(drawn)
    slots = {SLOTS[name]: np.ones(2, np.float32)} if name in SLOTS else {}
    module = case.module(transformers).eval()
    target = TorchWeights(module)
    with open_weights(checkpoint({**drawn.arrays, **slots}), "tf-checkpoint") as source:
        recognised_as = recognised(source)
        transfer = apply(named(case.family), source, target).transfer()
        carry(transfer, source, target, _unheard)
    with torch.no_grad():
        found = module(**case.inputs(torch))
    expected = expected if isinstance(expected, tuple) else (expected,)
    for output, values in zip(case.outputs, expected, strict=True):
        computed = found[output].numpy()
        assert np.abs(values).max() > 0.1
        assert np.abs(computed - values).max() < 1e-4 * np.abs(values).max(), output
    assert transfer.complete
    assert not transfer.notes
    assert recognised_as is not None
    assert recognised_as.family == case.family


@pytest.mark.parametrize("name", CASES)
def test_a_module_becomes_the_variables_of_a_checkpoint(name: str) -> None:
    """Without a template: the family alone knows the names and the layouts."""
    import transformers

    case = CASES[name]
    drawn = Drawn(np.random.default_rng(7))
    case.net(drawn)
    module = TorchWeights(case.module(transformers))
    there = {name: each.shape for name, each in module.variables.items()}
    applied = apply(named(case.family, Framework.PYTORCH), module, None)
    arrays = {each.target: made(each.value, module.read) for each in applied.moves}
    assert set(drawn.arrays) <= set(arrays) | set(_in_other_words(arrays))
    shapes = {key: each.shape for key, each in (_in_other_words(arrays) | arrays).items()}
    assert {key: shapes[key] for key in drawn.arrays} == {
        key: each.shape for key, each in drawn.arrays.items()
    }
    assert len(applied.moves) + len(applied.skipped) == len(there)
    mapping = recognised(module)
    assert mapping is not None
    assert mapping.family == case.family


def _unheard(message: str, /, *, progress: float | None = None) -> None:
    del message, progress


def _in_other_words(arrays: dict[str, Any]) -> dict[str, Any]:
    """Names that two generations of checkpoints have for one variable."""
    return {key.removesuffix("s") + "s": each for key, each in arrays.items()}
