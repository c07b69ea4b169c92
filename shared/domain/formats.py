"""Formats: the nodes of the conversion graph."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from typing_extensions import override

from shared.domain.errors import UnknownTarget


class Layout(StrEnum):
    """How a model of the format lies on disk."""

    FILE = "file"
    TREE = "tree"  # a folder; stored as one deterministic uncompressed zip


@dataclass(frozen=True, slots=True, order=True)
class Format:
    """One way of writing a model down. Two formats are equal when their names are.

    `unrunnable` says why no worker will ever run one, where that is so. One of `weights` holds
    variables alone, and no model that uses them.
    """

    name: str
    title: str = field(compare=False)
    suffixes: tuple[str, ...] = field(default=(), compare=False)
    layout: Layout = field(default=Layout.FILE, compare=False)
    portable: bool = field(default=True, compare=False)  # False: tied to the GPU that built it
    unrunnable: str | None = field(default=None, compare=False)
    weights: bool = field(default=False, compare=False)

    @override
    def __str__(self) -> str:
        return self.name


ALONE: Final = (
    "Weights without a model cannot be run. Every tensor of the file was read back and is, bit for"
    " bit, that of the model it was taken from."
)

KERAS: Final = Format("keras", "Keras 3 archive", (".keras",))
KERAS_H5: Final = Format("keras-h5", "Keras HDF5 model", (".h5", ".hdf5"))
SAVEDMODEL: Final = Format(
    "savedmodel", "TensorFlow SavedModel", (".zip", ".tar.gz", ".tgz"), Layout.TREE
)
FROZEN_GRAPH: Final = Format("frozen-graph", "TensorFlow frozen graph", (".pb",))
TFLITE: Final = Format("tflite", "TensorFlow Lite", (".tflite",))
PT2: Final = Format("pt2", "PyTorch exported program", (".pt2",))
TORCHSCRIPT: Final = Format("torchscript", "TorchScript", (".pt", ".pth", ".ts"))
STATE_DICT: Final = Format(
    "state-dict",
    "PyTorch state_dict (weights only)",
    (".pt", ".pth"),
    unrunnable=ALONE,
    weights=True,
)
PYTORCH: Final = Format(
    "pytorch", "PyTorch source package", (".zip", ".tar.gz", ".tgz"), Layout.TREE
)
HUGGINGFACE: Final = Format(
    "huggingface", "Hugging Face model folder", (".zip", ".tar.gz", ".tgz"), Layout.TREE
)
SAFETENSORS: Final = Format(
    "safetensors",
    "Safetensors (weights only)",
    (".safetensors", ".zip"),
    unrunnable=ALONE,
    weights=True,
)
TF_CHECKPOINT: Final = Format(
    "tf-checkpoint",
    "TensorFlow checkpoint (weights only)",
    (".zip", ".tar.gz", ".tgz"),
    Layout.TREE,
    unrunnable=ALONE,
    weights=True,
)
KERAS_WEIGHTS: Final = Format(
    "keras-weights",
    "Keras weights (HDF5)",
    (".weights.h5", ".h5"),
    unrunnable=ALONE,
    weights=True,
)
SKOPS: Final = Format("skops", "scikit-learn model (skops)", (".skops",))
XGBOOST: Final = Format("xgboost", "XGBoost model (JSON or UBJ)", (".ubj", ".json"))
LIGHTGBM: Final = Format("lightgbm", "LightGBM model (text)", (".txt",))
ONNX: Final = Format("onnx", "ONNX", (".onnx", ".zip"))
ORT: Final = Format("ort", "ONNX Runtime format", (".ort",))
OPENVINO: Final = Format("openvino", "OpenVINO IR", (".zip",), Layout.TREE)
COREML: Final = Format(
    "coreml",
    "Core ML package",
    (".zip",),
    Layout.TREE,
    unrunnable="Core ML models run on Apple's systems only, and workers run on Linux, so nothing"
    " ran the result. Compare it with its source on a Mac.",
)
TENSORRT: Final = Format("tensorrt", "TensorRT engine", (".zip",), Layout.TREE, portable=False)
TENSORRT_RTX: Final = Format("tensorrt-rtx", "TensorRT-RTX engine", (".zip",), Layout.TREE)
TRITON: Final = Format("triton", "Triton model repository", (".zip",), Layout.TREE)

FORMATS: Final = {
    each.name: each
    for each in (
        KERAS,
        KERAS_H5,
        SAVEDMODEL,
        FROZEN_GRAPH,
        TFLITE,
        PT2,
        TORCHSCRIPT,
        STATE_DICT,
        PYTORCH,
        HUGGINGFACE,
        SAFETENSORS,
        TF_CHECKPOINT,
        KERAS_WEIGHTS,
        SKOPS,
        XGBOOST,
        LIGHTGBM,
        ONNX,
        ORT,
        OPENVINO,
        COREML,
        TENSORRT,
        TENSORRT_RTX,
        TRITON,
    )
}


def target_named(name: str) -> Format:
    """The format of that name.

    Raises:
        UnknownTarget: there is none.
    """
    try:
        return FORMATS[name]
    except KeyError:
        known = ", ".join(sorted(FORMATS))
        raise UnknownTarget(
            f"There is no target format {name!r}. Known formats: {known}.", field="targets.format"
        ) from None
