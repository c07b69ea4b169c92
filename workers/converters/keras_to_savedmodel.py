"""Keras 3 archive to a TensorFlow SavedModel, with one named signature."""

from shared.domain.formats import KERAS, SAVEDMODEL
from workers.converter import Bench, converter
from workers.tensorflow_bridge import keras_models
from workers.tensorflow_bridge.journey import ToSavedModel, to_savedmodel


@converter(
    KERAS,
    SAVEDMODEL,
    options=ToSavedModel,
    summary="TensorFlow's own writer; inputs and outputs called as the model's layers are",
    packages=("keras", "tensorflow-cpu", "tf2onnx", "h5py", "numpy"),
    memory=6.0,
    version=1,
)
def convert(bench: Bench[ToSavedModel]) -> None:
    bench.say("loading the model", progress=0.05)
    model = keras_models.load(bench.source, ".keras")
    to_savedmodel(keras_models.callee(model), bench)
