"""The formats that the fleet can run, by name."""

from workers.runtime import Runtime
from workers.runtimes.frozen_graph import FrozenGraphRuntime
from workers.runtimes.huggingface import HuggingfaceRuntime
from workers.runtimes.keras import KerasRuntime
from workers.runtimes.keras_h5 import KerasH5Runtime
from workers.runtimes.keras_weights import KerasWeightsRuntime
from workers.runtimes.lightgbm import LightgbmRuntime
from workers.runtimes.onnx import OnnxRuntime
from workers.runtimes.openvino import OpenvinoRuntime
from workers.runtimes.ort import OrtRuntime
from workers.runtimes.pt2 import Pt2Runtime
from workers.runtimes.pytorch import PytorchRuntime
from workers.runtimes.safetensors import SafetensorsRuntime
from workers.runtimes.savedmodel import SavedModelRuntime
from workers.runtimes.skops import SkopsRuntime
from workers.runtimes.state_dict import StateDictRuntime
from workers.runtimes.tensorrt import TensorrtRuntime
from workers.runtimes.tensorrt_rtx import TensorrtRtxRuntime
from workers.runtimes.tf_checkpoint import TfCheckpointRuntime
from workers.runtimes.tflite import TfliteRuntime
from workers.runtimes.torchscript import TorchscriptRuntime
from workers.runtimes.triton import TritonRuntime
from workers.runtimes.xgboost import XgboostRuntime

_ALL: tuple[type[Runtime], ...] = (
    FrozenGraphRuntime,
    HuggingfaceRuntime,
    KerasRuntime,
    KerasH5Runtime,
    KerasWeightsRuntime,
    OnnxRuntime,
    OrtRuntime,
    OpenvinoRuntime,
    Pt2Runtime,
    PytorchRuntime,
    SafetensorsRuntime,
    SavedModelRuntime,
    StateDictRuntime,
    TensorrtRuntime,
    TensorrtRtxRuntime,
    TfCheckpointRuntime,
    TfliteRuntime,
    TorchscriptRuntime,
    SkopsRuntime,
    LightgbmRuntime,
    XgboostRuntime,
)

RUNTIMES: dict[str, Runtime] = {each.format.name: each() for each in _ALL}
RUNTIMES[TritonRuntime.format.name] = TritonRuntime(RUNTIMES)
