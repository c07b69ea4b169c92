"""Translation: a TensorFlow Lite graph as an ONNX model, by tf2onnx."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import FerryError, StepRefused, UnsupportedOperator
from workers.tensorflow_bridge.renaming import rename, reorder
from workers.tensorflow_bridge.tracing import fixed
from workers.tensorflow_bridge.translation import Listener, accept
from workers.tflite_bridge import files, handlers, signatures
from workers.tflite_bridge.files import FLEX, Entry, Lite
from workers.tflite_bridge.rewriting import numbered

RUNNABLE: Final = {"TFLite_Detection_PostProcess"}
"""Custom operators that LiteRT and tf2onnx both know."""

UNREAD: Final = re.compile(r"Can't lookup value (\d+) for tflite enum BuiltinOperator")


def translate(
    path: Path, folder: Path, entry: Entry, opset: int, *, batch: int | None = None
) -> Any:
    """The ModelProto, with the names, order and dimensions of the entry.

    Args:
        folder: scratch room.
        batch: fix the dimension called "batch" to this length.

    Raises:
        UnsupportedOperator: an operator is custom, borrowed from TensorFlow, or unknown to
            tf2onnx; which one.
        StepRefused: the entry is none that can be translated.
    """
    lite = files.read(path)
    _refuse_foreign(lite)
    if entry.subgraph:
        raise StepRefused(
            f"The signature {entry.key!r} is not the file's first graph, and only that can be"
            " translated. Convert each signature to a file of its own.",
            field="options.signature",
        )
    told = signatures.signature(lite, entry)
    copy = folder / "numbered.tflite"
    names = numbered(path, copy)
    model = _translated(copy, names, opset)
    _rename(model, lite, entry)
    accept(model, fixed(told, batch) if batch else told, opset)
    return model


def _refuse_foreign(lite: Lite) -> None:
    for graph in lite.subgraphs:
        for node in graph.nodes:
            if not node.custom or node.operator in RUNNABLE:
                continue
            name = node.operator.removeprefix(FLEX)
            what = (
                f"TensorFlow's operator {name} (Select-TF)"
                if node.operator.startswith(FLEX)
                else f"the custom operator {name}"
            )
            raise UnsupportedOperator(
                f"The TensorFlow Lite model holds {what}, which has no translation from this"
                " format. Convert the SavedModel or Keras model that it was made of instead.",
                node=graph.values[node.outputs[0]].name if node.outputs else None,
                operator=name,
            )


def _translated(path: Path, names: Mapping[str, str], opset: int) -> Any:
    import tensorflow as tf
    from tf2onnx import optimizer
    from tf2onnx.tfonnx import process_tf_graph

    handlers.register()
    with tf.Graph().as_default() as graph, Listener() as heard:
        try:
            mapped = process_tf_graph(graph, opset=opset, tflite_path=str(path))
        except Exception as error:
            raise _fault(error, heard.failed, names) from error
        return optimizer.optimize_graph(mapped).make_model("converted by Modelferry")


def _fault(
    error: Exception, failed: tuple[str, str] | None, names: Mapping[str, str]
) -> FerryError:
    if isinstance(error, FerryError):
        return error
    if failed is not None:
        node, operator = names.get(failed[0].split(":")[0], failed[0]), failed[1]
        return UnsupportedOperator(
            f"tf2onnx cannot translate {operator} at node {node!r}: {error}",
            node=node,
            operator=operator,
        )
    if found := UNREAD.search(str(error)):
        return UnsupportedOperator(
            f"The file holds the builtin operator number {found.group(1)}, which is newer than"
            " tf2onnx knows.",
            operator=found.group(1),
        )
    return StepRefused(f"tf2onnx cannot read the TensorFlow Lite model: {str(error)[:300]}")


def _rename(model: Any, lite: Lite, entry: Entry) -> None:
    """From tensors to the names of the signature, which may list them in another order."""
    graph = lite.subgraphs[entry.subgraph]
    taken = {index: name for name, index in entry.inputs.items()}
    given = {index: name for name, index in entry.outputs.items()}
    inputs = [taken[index] for index in graph.inputs]
    outputs = [given[index] for index in graph.outputs]
    rename(model, inputs, outputs)
    reorder(model, [*entry.inputs], [*entry.outputs])
