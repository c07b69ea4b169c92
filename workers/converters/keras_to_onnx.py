"""Keras 3 archive to ONNX, through TensorFlow's graph and tf2onnx."""

from shared.domain.formats import KERAS, ONNX
from workers.converter import Bench, converter
from workers.tensorflow_bridge import keras_models
from workers.tensorflow_bridge.journey import TensorflowToOnnx, to_onnx


@converter(
    KERAS,
    ONNX,
    options=TensorflowToOnnx,
    summary="tf2onnx over the frozen inference graph; keeps every open dimension",
    packages=("keras", "tensorflow-cpu", "tf2onnx", "onnx", "onnxruntime", "h5py", "numpy"),
    memory=12.0,
    version=1,
)
def convert(bench: Bench[TensorflowToOnnx]) -> None:
    bench.say("loading the model", progress=0.05)
    model = keras_models.load(bench.source, ".keras")
    to_onnx(keras_models.callee(model), bench)
