"""ONNX to OpenVINO IR, by OpenVINO's own reader."""

import re
from typing import Any, Final

from shared.domain.errors import FerryError, StepRefused, UnsupportedOperator
from shared.domain.formats import ONNX, OPENVINO
from workers.converter import Bench, Options, converter
from workers.onnx_bridge.layouts import write_out_sparse
from workers.onnx_bridge.skeletons import read
from workers.onnx_graph.light import calls
from workers.runtimes.openvino import last_words

UNKNOWN: Final = re.compile(r"(?:^|[\s\"'`])(?:[\w.]+\.)?(?P<operator>[A-Z]\w+)-?\d*\b")
"""How OpenVINO lists the operators that it lacks: `ai.onnx.ml.Scaler`, `FancyOp-1`."""


class OpenvinoOptions(Options):
    """There is nothing to decide: a lower precision is asked for with `precision`."""


@converter(
    ONNX,
    OPENVINO,
    options=OpenvinoOptions,
    summary="OpenVINO's own reader, dimensions that vary kept, weights as they are",
    version=1,
    packages=("onnx", "openvino"),
    memory=4.0,
)
def convert(bench: Bench[OpenvinoOptions]) -> None:
    """Read the graph, give its ends the names that they had, and write it as it is."""
    import openvino

    bench.say("reading the graph", progress=0.1)
    source = read(bench.source)
    _insist_on_ranks(source)
    path = bench.source
    if write_out_sparse(source, path.parent):
        path = path.with_name(f"{path.stem}.dense.onnx")
        path.write_bytes(source.SerializeToString())
    try:
        model = openvino.Core().read_model(path)
    except RuntimeError as error:
        raise _fault(error, source) from error
    _name_ends(model, source)
    bench.say("writing the IR", progress=0.6)
    bench.target.mkdir()
    openvino.save_model(model, bench.target / "model.xml", compress_to_fp16=False)


def _insist_on_ranks(source: Any) -> None:
    for each in source.graph.input:
        if not each.type.tensor_type.HasField("shape"):
            raise StepRefused(
                f"OpenVINO runs no model whose input may have any number of dimensions, as"
                f" {each.name!r} may. Give it a shape with input_shapes.",
                node=each.name,
            )


def _name_ends(model: Any, source: Any) -> None:
    """OpenVINO gives a tensor every name that it ever had; each end gets the source's alone."""
    names = [each.name for each in source.graph.output]
    if len(model.outputs) != len(names):
        raise StepRefused(
            f"The model has the outputs {names}, and OpenVINO kept {len(model.outputs)} of them."
        )
    for port, name in zip(model.outputs, names, strict=True):
        port.get_tensor().set_names({name})
    inputs = [each.name for each in source.graph.input]
    for port in model.inputs:
        own = [name for name in inputs if name in port.get_names()]
        if len(own) == 1:
            port.get_tensor().set_names({own[0]})


def _fault(error: RuntimeError, source: Any) -> FerryError:
    said = last_words(error)
    known = {node.op_type: node for node in reversed(list(calls(source.graph)))}
    lacking = [each["operator"] for each in UNKNOWN.finditer(said) if each["operator"] in known]
    if not lacking:
        return StepRefused(f"OpenVINO does not take the model: {said}")
    node = known[lacking[0]]
    operator = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
    name = node.name or next((each for each in node.output if each), None)
    return UnsupportedOperator(
        f"OpenVINO does not take {operator} (node {name!r}): {said}", node=name, operator=operator
    )
