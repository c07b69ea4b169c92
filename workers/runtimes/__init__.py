"""The formats that the fleet can run, by name."""

from workers.runtime import Runtime
from workers.runtimes.frozen_graph import FrozenGraphRuntime
from workers.runtimes.huggingface import HuggingfaceRuntime
from workers.runtimes.keras import KerasRuntime
from workers.runtimes.keras_h5 import KerasH5Runtime
from workers.runtimes.onnx import OnnxRuntime
from workers.runtimes.openvino import OpenvinoRuntime
from workers.runtimes.ort import OrtRuntime
from workers.runtimes.pt2 import Pt2Runtime
from workers.runtimes.pytorch import PytorchRuntime
from workers.runtimes.savedmodel import SavedModelRuntime
from workers.runtimes.tensorrt import TensorrtRuntime
from workers.runtimes.tensorrt_rtx import TensorrtRtxRuntime
from workers.runtimes.tflite import TfliteRuntime
from workers.runtimes.torchscript import TorchscriptRuntime
from workers.runtimes.triton import TritonRuntime

_ALL: tuple[type[Runtime], ...] = (
    FrozenGraphRuntime,
    HuggingfaceRuntime,
    KerasRuntime,
    KerasH5Runtime,
    OnnxRuntime,
    OrtRuntime,
    OpenvinoRuntime,
    Pt2Runtime,
    PytorchRuntime,
    SavedModelRuntime,
    TensorrtRuntime,
    TensorrtRtxRuntime,
    TfliteRuntime,
    TorchscriptRuntime,
)

RUNTIMES: dict[str, Runtime] = {each.format.name: each() for each in _ALL}
RUNTIMES[TritonRuntime.format.name] = TritonRuntime(RUNTIMES)
