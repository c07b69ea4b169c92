"""Options: what every road to TensorFlow Lite lets its user choose."""

from enum import StrEnum

from pydantic import Field

from workers.converter import Options


class Quantization(StrEnum):
    """How numbers are kept in the file, and what is computed in integers."""

    NONE = "none"
    FP16 = "fp16"  # weights in float16
    DYNAMIC = "dynamic"  # weights in int8, activations as they come
    INT8 = "int8"  # weights and activations in int8, by the user's samples


class ToTflite(Options):
    """The model's inputs and outputs keep their types whatever is chosen."""

    quantization: Quantization = Field(
        default=Quantization.NONE,
        description="none keeps float32; fp16 halves the weights; dynamic keeps weights in int8;"
        " int8 computes in integers and needs samples.",
    )
    dynamic: bool = Field(
        default=True,
        description="Keep the axes that may vary; false fixes the batch to 1.",
    )
    select_tf: bool = Field(
        default=False,
        description="Allow operators of TensorFlow's own (Select-TF), which need a larger"
        " runtime on the device; without it a model that needs one is refused.",
    )
