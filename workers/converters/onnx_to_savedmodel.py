"""ONNX to a TensorFlow SavedModel, by the importer of our own."""

from pydantic import Field

from shared.domain.formats import ONNX, SAVEDMODEL
from workers.converter import Bench, Options, converter


class OnnxToSavedModel(Options):
    """What can be asked of the importer."""

    inputs_channels_last: bool = Field(
        default=False,
        description="Take images with their channels last, as TensorFlow's own models do, so that"
        " nothing is transposed at the inputs.",
    )


@converter(
    ONNX,
    SAVEDMODEL,
    options=OnnxToSavedModel,
    summary="Our own importer: each operator in TensorFlow's own, images channels-last between"
    " the inputs and outputs, weights as variables under their names",
    version=1,
    packages=("tensorflow-cpu", "onnx", "numpy"),
    memory=4.0,
)
def convert(bench: Bench[OnnxToSavedModel]) -> None:
    """Walk the graph under tf.function."""
    from workers.onnx_tensorflow.running import load
    from workers.onnx_tensorflow.saving import save

    bench.say("reading the graph", progress=0.05)
    model = load(bench.source)
    bench.say("building the graph of TensorFlow", progress=0.2)
    save(model, bench.target, inputs_channels_last=bench.options.inputs_channels_last)
