"""Zoo: the architectures whose targets the table of coverage tells, small and random."""

from typing import Final

from bench.architectures import ARCHITECTURES
from bench.coverage.zoo.applications import applications
from bench.coverage.zoo.architecture import Architecture
from bench.coverage.zoo.exporting import exported
from bench.coverage.zoo.hugging import makers
from bench.coverage.zoo.language import DECODERS, ENCODER_DECODERS, ENCODERS
from bench.coverage.zoo.pictures import timm_makers
from bench.coverage.zoo.seeing import CROSSINGS, SPEECH, VISION
from bench.coverage.zoo.sequential import SEQUENTIAL
from bench.coverage.zoo.spatial import SPATIAL

ZOO: Final[dict[str, Architecture]] = {
    each.name: each
    for each in (
        *exported("own", ARCHITECTURES),
        *exported("own", SPATIAL),
        *exported("own", SEQUENTIAL),
        *exported("transformers: encoders", makers(ENCODERS)),
        *exported("transformers: decoders", makers(DECODERS)),
        *exported("transformers: encoder-decoders", makers(ENCODER_DECODERS)),
        *exported("transformers: vision", makers(VISION)),
        *exported("transformers: text and vision", makers(CROSSINGS)),
        *exported("transformers: speech", makers(SPEECH)),
        *exported("timm", timm_makers()),
        *applications(),
    )
}

DOZEN: Final = (
    "U-Net",
    "BERT",
    "Decoder with KV cache",
    "Bidirectional LSTM",
    "Detection head",
    "ShuffleNet block",
    "Conv3D",
    "Tabular MLP",
    "torch.cond",
    "Llama",
    "ViT (transformers)",
    "Small CNN (Keras)",
)
"""Those that are converted on every change; the rest when the table is made."""
