"""Seeing and hearing: vision, speech and their crossings, of the transformers library."""

from collections.abc import Mapping
from typing import Any, Final

from bench.coverage.zoo.hugging import WORDS, Recipe, ids, noise, picture, text

PATCHES: Final[Mapping[str, Any]] = {
    "image_size": 32,
    "patch_size": 8,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "initializer_range": 0.2,
}
STAGES: Final[Mapping[str, Any]] = {"depths": [1, 1], "num_stages": 2}


def patches(kind: str, **more: Any) -> Recipe:
    return Recipe(f"{kind}Config", f"{kind}Model", picture(), {**PATCHES, **more})


VISION: Final = {
    "ViT (transformers)": patches("ViT"),
    "DeiT": patches("DeiT"),
    "BEiT": patches("Beit", use_relative_position_bias=True),
    "DINOv2": patches("Dinov2"),
    "Swin": Recipe(
        "SwinConfig",
        "SwinModel",
        picture(),
        {
            "image_size": 32,
            "patch_size": 2,
            "embed_dim": 16,
            "depths": [2, 2],
            "num_heads": [2, 4],
            "window_size": 4,
        },
    ),
    "ConvNeXt (transformers)": Recipe(
        "ConvNextConfig",
        "ConvNextModel",
        picture(),
        {"hidden_sizes": [16, 32], "layer_scale_init_value": 0.5, **STAGES},
    ),
    "SegFormer": Recipe(
        "SegformerConfig",
        "SegformerForSemanticSegmentation",
        picture(64),
        {
            "num_encoder_blocks": 2,
            "depths": [1, 1],
            "hidden_sizes": [16, 32],
            "num_attention_heads": [1, 2],
            "sr_ratios": [4, 2],
            "patch_sizes": [7, 3],
            "strides": [4, 2],
            "mlp_ratios": [2, 2],
            "decoder_hidden_size": 16,
            "num_labels": 5,
        },
    ),
    "ResNet (transformers)": Recipe(
        "ResNetConfig",
        "ResNetModel",
        picture(),
        {"embedding_size": 16, "hidden_sizes": [16, 32], "depths": [1, 1], "layer_type": "basic"},
        output="pooler_output",
    ),
    "MobileViT": Recipe(
        "MobileViTConfig",
        "MobileViTModel",
        picture(64),
        {
            "image_size": 64,
            "hidden_sizes": [16, 24, 32],
            "neck_hidden_sizes": [8, 8, 16, 16, 24, 32, 48],
            "num_attention_heads": 4,
        },
    ),
    "DETR head": Recipe(
        "ConditionalDetrConfig",
        "ConditionalDetrModel",
        picture(64),
        {
            "use_timm_backbone": False,
            "backbone_config": {
                "model_type": "resnet",
                "embedding_size": 16,
                "hidden_sizes": [16, 32],
                "depths": [1, 1],
                "layer_type": "basic",
                "out_features": ["stage2"],
            },
            "d_model": 32,
            "encoder_layers": 1,
            "decoder_layers": 1,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
            "encoder_ffn_dim": 48,
            "decoder_ffn_dim": 48,
            "num_queries": 7,
        },
    ),
    "SAM vision encoder": Recipe(
        "SamVisionConfig",
        "SamVisionModel",
        picture(),
        {
            "image_size": 32,
            "patch_size": 8,
            "hidden_size": 32,
            "output_channels": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "mlp_dim": 48,
            "window_size": 2,
            "global_attn_indexes": [1],
        },
    ),
}

TOWER: Final = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}

CROSSINGS: Final = {
    "CLIP": Recipe(
        "CLIPConfig",
        "CLIPModel",
        {**text(), **picture()},
        {
            "text_config": {**TOWER, "vocab_size": WORDS, "max_position_embeddings": 64},
            "vision_config": {**TOWER, "image_size": 32, "patch_size": 8},
            "projection_dim": 16,
        },
        output="image_embeds",
    ),
    "BLIP text encoder over pictures": Recipe(
        "BlipTextConfig",
        "BlipTextModel",
        {"input_ids": ids(), "encoder_hidden_states": noise(5, 32)},
        {**TOWER, "vocab_size": WORDS, "encoder_hidden_size": 32, "is_decoder": True},
        {"use_cache": False},
    ),
}

WAVES: Final = {
    "vocab_size": WORDS,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "conv_dim": (16, 16, 16),
    "conv_stride": (5, 2, 2),
    "conv_kernel": (10, 3, 3),
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}

SPEECH: Final = {
    "Wav2Vec2": Recipe("Wav2Vec2Config", "Wav2Vec2Model", {"input_values": noise(1600)}, WAVES),
    "HuBERT": Recipe("HubertConfig", "HubertModel", {"input_values": noise(1600)}, WAVES),
    "Whisper": Recipe(
        "WhisperConfig",
        "WhisperModel",
        {"input_features": noise(16, 60), "decoder_input_ids": ids(5)},
        {
            "vocab_size": WORDS,
            "num_mel_bins": 16,
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
            "encoder_ffn_dim": 48,
            "decoder_ffn_dim": 48,
            "max_source_positions": 30,
            "max_target_positions": 30,
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "decoder_start_token_id": 1,
            "suppress_tokens": None,
            "begin_suppress_tokens": None,
        },
        {"use_cache": False},
    ),
    "Audio Spectrogram Transformer": Recipe(
        "ASTConfig",
        "ASTModel",
        {"input_values": noise(48, 32)},
        {
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "intermediate_size": 48,
            "patch_size": 8,
            "frequency_stride": 8,
            "time_stride": 8,
            "max_length": 48,
            "num_mel_bins": 32,
        },
    ),
}
