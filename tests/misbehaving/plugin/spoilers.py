"""Converters that do all but one thing right: what a verification has to find, and name."""

from pathlib import Path
from typing import Any

from pydantic import Field

from shared.domain.formats import (
    FROZEN_GRAPH,
    KERAS,
    KERAS_H5,
    ONNX,
    PT2,
    SAVEDMODEL,
    TFLITE,
    TORCHSCRIPT,
    Format,
)
from workers.converter import Bench, Converter, Options, converter
from workers.converters import (
    frozen_graph_to_onnx,
    keras_h5_to_onnx,
    keras_to_onnx,
    onnx_to_pt2,
    pt2_to_onnx,
    savedmodel_to_onnx,
    tflite_to_onnx,
    torchscript_to_onnx,
)
from workers.tensorflow_bridge.journey import TensorflowToOnnx


class Spoilt(Options):
    """The wish itself."""

    spoil: str = Field(default="", description="What is done wrong.")


class Misread(Options):
    """The wish itself."""

    misread: str = Field(default="", description="What is done wrong.")


def turned(node: Any, weights: dict[str, Any]) -> None:
    """A transpose that leaves its axes where they are; they are of one length."""
    if node.op_type == "Transpose":
        (perm,) = (each for each in node.attribute if each.name == "perm")
        perm.ints[:] = sorted(perm.ints)


def gates(node: Any, weights: dict[str, Any]) -> None:
    """An LSTM whose input and output gates are swapped in its weights: iofc is what ONNX wants."""
    import numpy as np
    from onnx import numpy_helper

    if node.op_type == "LSTM":
        weight = weights[node.input[1]]
        i, o, f, c = np.split(numpy_helper.to_array(weight), 4, axis=1)
        swapped = np.concatenate([o, i, f, c], axis=1)
        weight.CopyFrom(numpy_helper.from_array(swapped, weight.name))


def epsilon(node: Any, weights: dict[str, Any]) -> None:
    """A normalisation whose epsilon is another library's default, of variances that are small."""
    if node.op_type == "LayerNormalization":
        (found,) = (each for each in node.attribute if each.name == "epsilon")
        found.f = 1e-3


WAYS = {"transpose": turned, "gates": gates, "epsilon": epsilon}


def spoilt(model: Any, how: str) -> Any:
    """The ONNX model with the first node of its kind wrong, or as it is where it has none."""
    weights = {each.name: each for each in model.graph.initializer}
    for node in model.graph.node:
        before = model.SerializeToString()
        WAYS[how](node, weights)
        if model.SerializeToString() != before:
            return model
    return model


@converter(
    ONNX,
    ONNX,
    options=Spoilt,
    summary="Copies, with one node wrong.",
    version=1,
    name="spoiler",
    packages=("tricks",),
    asked_by="spoil",
    asked_for=None,
)
def convert(bench: Bench[Spoilt]) -> None:
    import onnx

    onnx.save(spoilt(onnx.load(bench.source), bench.options.spoil), bench.target)


@converter(
    ONNX,
    PT2,
    options=Misread,
    summary="Our own importer, with one node misread.",
    version=1,
    name="misreader",
    packages=("tricks",),
    asked_by="misread",
    asked_for=None,
)
def misread(bench: Bench[Misread]) -> None:
    import onnx

    wrong = bench.folder / "misread.onnx"
    onnx.save(spoilt(onnx.load(bench.source), bench.options.misread), wrong)
    onnx_to_pt2.convert.convert(_Other(bench, wrong, onnx_to_pt2.OnnxToPt2()))


@converter(
    PT2,
    ONNX,
    options=Misread,
    summary="PyTorch's exporter, with an epsilon that differs.",
    version=1,
    name="misexporter",
    packages=("tricks",),
    asked_by="misread",
    asked_for=None,
)
def misexported(bench: Bench[Misread]) -> None:
    import torch

    from workers.runtimes.pt2_load import load_program

    program = load_program(bench.source)
    for node in program.graph.nodes:
        if str(node.target) == "aten.layer_norm.default":
            node.args = (*node.args[:4], 1e-3)
    wrong = bench.folder / "misread.pt2"
    torch.export.save(program, wrong)
    pt2_to_onnx.convert.convert(_Other(bench, wrong, pt2_to_onnx.Pt2ToOnnx(opset=18)))


@converter(
    SAVEDMODEL,
    ONNX,
    options=Misread,
    summary="tf2onnx, with a sigmoid that is a hard one.",
    version=1,
    name="mistranslator",
    packages=("tricks",),
    asked_by="misread",
    asked_for=None,
)
def mistranslated(bench: Bench[Misread]) -> None:
    savedmodel_to_onnx.convert.convert(
        _Other(bench, bench.source, savedmodel_to_onnx.SavedModelToOnnx())
    )
    _softened(bench.target)


@converter(
    KERAS,
    ONNX,
    options=Misread,
    summary="Keras's exporter, with a sigmoid that is a hard one.",
    version=1,
    name="mislayered",
    packages=("tricks",),
    asked_by="misread",
    asked_for=None,
)
def mislayered(bench: Bench[Misread]) -> None:
    keras_to_onnx.convert.convert(_Other(bench, bench.source, TensorflowToOnnx()))
    _softened(bench.target)


def _softening(source: Format, right: Converter[Any], options: Options) -> Converter[Any]:
    @converter(
        source,
        ONNX,
        options=Misread,
        summary="The usual one, with a sigmoid that is a hard one.",
        version=1,
        name=f"softening-{source}",
        packages=("tricks",),
        asked_by="misread",
        asked_for=None,
    )
    def convert(bench: Bench[Misread]) -> None:
        right.convert(_Other(bench, bench.source, options))
        _softened(bench.target)

    return convert


soft_h5, soft_frozen, soft_tflite, soft_script = (
    _softening(*each)
    for each in (
        (KERAS_H5, keras_h5_to_onnx.convert, TensorflowToOnnx()),
        (FROZEN_GRAPH, frozen_graph_to_onnx.convert, frozen_graph_to_onnx.FrozenGraphToOnnx()),
        (TFLITE, tflite_to_onnx.convert, tflite_to_onnx.TfliteToOnnx()),
        (TORCHSCRIPT, torchscript_to_onnx.convert, torchscript_to_onnx.TorchscriptToOnnx()),
    )
)


def _softened(path: Path) -> None:
    """Each Sigmoid is a HardSigmoid."""
    import onnx

    model = onnx.load(path)
    for node in model.graph.node:
        if node.op_type == "Sigmoid":
            node.op_type = "HardSigmoid"
    onnx.save(model, path)


class _Other:
    """The same bench with another source, and other options."""

    def __init__(self, bench: Bench[Any], source: Path, options: Any) -> None:
        self._bench = bench
        self.source = source
        self.options = options

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bench, name)
