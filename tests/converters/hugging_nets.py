"""Hugging: tiny models of transformers with random weights, saved as their users save them."""

import zipfile
from pathlib import Path
from typing import Any, Final

import torch

TEXT: Final = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "vocab_size": 99,
    "max_position_embeddings": 64,
}
SEEN: Final = {
    "image_size": 32,
    "patch_size": 8,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}
SPOKEN: Final = {
    "vocab_size": 99,
    "num_mel_bins": 8,
    "d_model": 32,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "max_source_positions": 20,
    "max_target_positions": 40,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
    "suppress_tokens": None,
    "begin_suppress_tokens": None,
}
RECIPES: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {
    "bert": ("BertConfig", "BertForSequenceClassification", TEXT),
    "gpt2": (
        "GPT2Config",
        "GPT2LMHeadModel",
        {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "vocab_size": 99},
    ),
    "vit": ("ViTConfig", "ViTForImageClassification", {**SEEN, "num_labels": 5}),
    "t5": (
        "T5Config",
        "T5ForConditionalGeneration",
        {"d_model": 32, "d_ff": 48, "d_kv": 8, "num_layers": 1, "num_heads": 4, "vocab_size": 99},
    ),
    "whisper": ("WhisperConfig", "WhisperForConditionalGeneration", SPOKEN),
    "perceiver": (
        "PerceiverConfig",
        "PerceiverForMaskedLM",
        {
            "num_latents": 4,
            "d_latents": 16,
            "d_model": 16,
            "num_blocks": 1,
            "num_self_attends_per_block": 1,
            "num_self_attention_heads": 2,
            "num_cross_attention_heads": 2,
            "vocab_size": 99,
            "max_position_embeddings": 12,
        },
    ),
    "mamba": (
        "MambaConfig",
        "MambaForCausalLM",
        {"hidden_size": 16, "num_hidden_layers": 1, "state_size": 4, "vocab_size": 99},
    ),
}


def saved(name: str, folder: Path, shard: str = "1GB") -> Path:
    """The folder, which has none but its model's files. No weight is a zero or a one."""
    import transformers

    config, model, sizes = RECIPES[name]
    torch.manual_seed(0)
    net = getattr(transformers, model)(getattr(transformers, config)(**sizes)).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    net.save_pretrained(folder, max_shard_size=shard)
    assert sum(each.numel() for each in net.parameters()) <= 100_000
    return folder


def zipped(folder: Path) -> Path:
    path = folder.parent / f"{folder.name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(folder.iterdir()):
            archive.write(each, each.name)
    return path
