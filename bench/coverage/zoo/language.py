"""Language: encoders, decoders and both of the transformers library."""

from collections.abc import Mapping
from typing import Any, Final

from bench.coverage.zoo.hugging import WORDS, Recipe, ids, text

SMALL: Final[Mapping[str, Any]] = {
    "vocab_size": WORDS,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
    "initializer_range": 0.2,
}
"""As most configurations call them."""

GROUPED: Final = {**SMALL, "num_key_value_heads": 2, "head_dim": 8}
OPEN: Final = {"use_cache": False}
"""Nothing is remembered between calls."""


def encoder(kind: str, **more: Any) -> Recipe:
    return Recipe(f"{kind}Config", f"{kind}Model", text(), {**SMALL, **more})


def decoder(kind: str, sizes: Mapping[str, Any] = SMALL, **more: Any) -> Recipe:
    return Recipe(f"{kind}Config", f"{kind}ForCausalLM", text(), {**sizes, **more}, OPEN, "logits")


ENCODERS: Final = {
    "BERT (transformers)": encoder("Bert"),
    "RoBERTa": encoder("Roberta"),
    "DistilBERT": Recipe(
        "DistilBertConfig",
        "DistilBertModel",
        text(),
        {"vocab_size": WORDS, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48},
    ),
    "ALBERT": encoder("Albert", embedding_size=16),
    "ELECTRA": encoder("Electra", embedding_size=16),
    "DeBERTa-v2": encoder(
        "DebertaV2", relative_attention=True, pos_att_type=["c2p", "p2c"], position_buckets=8
    ),
    "MPNet": encoder("MPNet"),
    "ModernBERT": encoder("ModernBert", pad_token_id=0, reference_compile=False),
}

DECODERS: Final = {
    "GPT-2": Recipe(
        "GPT2Config",
        "GPT2LMHeadModel",
        text(),
        {"vocab_size": WORDS, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64},
        OPEN,
        "logits",
    ),
    "GPT-NeoX": decoder("GPTNeoX"),
    "OPT": decoder("OPT", ffn_dim=48, word_embed_proj_dim=32),
    "Bloom": Recipe(
        "BloomConfig",
        "BloomForCausalLM",
        text(),
        {"vocab_size": WORDS, "hidden_size": 32, "n_layer": 2, "n_head": 4},
        OPEN,
        "logits",
    ),
    "Llama": decoder("Llama", GROUPED),
    "Mistral": decoder("Mistral", GROUPED, sliding_window=6),
    "Qwen2": decoder("Qwen2", GROUPED),
    "Qwen3": decoder("Qwen3", GROUPED),
    "Gemma": decoder("Gemma", GROUPED),
    "Phi": decoder("Phi", GROUPED),
    "Falcon": decoder("Falcon", new_decoder_architecture=False, alibi=False),
    "StableLM": decoder("StableLm", GROUPED),
    "Mamba": Recipe(
        "MambaConfig",
        "MambaForCausalLM",
        text("input_ids"),
        {"vocab_size": WORDS, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4},
        OPEN,
        "logits",
    ),
}

BOTH_SIZES: Final = {
    "vocab_size": WORDS,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "max_position_embeddings": 64,
}
BOTH_INPUTS: Final = {"input_ids": ids(), "decoder_input_ids": ids(7)}

ENCODER_DECODERS: Final = {
    "T5": Recipe(
        "T5Config",
        "T5ForConditionalGeneration",
        BOTH_INPUTS,
        {
            "vocab_size": WORDS,
            "d_model": 32,
            "d_kv": 8,
            "d_ff": 48,
            "num_layers": 2,
            "num_heads": 4,
            "initializer_factor": 1.0,
        },
        OPEN,
        "logits",
    ),
    "BART": Recipe("BartConfig", "BartModel", BOTH_INPUTS, BOTH_SIZES, OPEN),
    "Marian": Recipe(
        "MarianConfig", "MarianModel", BOTH_INPUTS, {**BOTH_SIZES, "pad_token_id": 0}, OPEN
    ),
    "Pegasus": Recipe("PegasusConfig", "PegasusModel", BOTH_INPUTS, BOTH_SIZES, OPEN),
}
