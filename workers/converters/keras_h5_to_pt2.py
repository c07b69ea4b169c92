"""Keras HDF5 model to PyTorch, with Keras' torch backend: the way around TensorFlow."""

from shared.domain.formats import KERAS_H5, PT2
from workers.converter import Bench, converter
from workers.tensorflow_bridge import keras_models
from workers.tensorflow_bridge.torch_exports import KerasToPt2, export


@converter(
    KERAS_H5,
    PT2,
    options=KerasToPt2,
    summary="torch.export of the model on Keras' torch backend; recurrent layers are unrolled",
    packages=("keras", "torch", "h5py", "numpy"),
    memory=6.0,
    version=1,
    environment={"KERAS_BACKEND": "torch"},
)
def convert(bench: Bench[KerasToPt2]) -> None:
    bench.say("loading the model on PyTorch", progress=0.1)
    export(keras_models.load(bench.source, ".h5"), bench)
