"""Translation: a frozen graph as an ONNX model, by tf2onnx."""

import logging
from collections.abc import Callable, Iterator
from typing import Any, Final, Self

from typing_extensions import override

from shared.domain.errors import StepRefused, UnsupportedOperator
from shared.domain.signatures import Signature
from workers.tensorflow_bridge import operators
from workers.tensorflow_bridge.dimensions import restore
from workers.tensorflow_bridge.freezing import Frozen
from workers.tensorflow_bridge.protobufs import spared

LOWEST_OPSET: Final = 13
HIGHEST_OPSET: Final = 18  # tf2onnx knows no IR version for higher ones

UNWANTED: Final = {"einsum_optimizer"}
"""Takes Einsum apart, which ONNX has itself: half a second an equation and no faster a model."""


def translate(frozen: Frozen, opset: int, say: Callable[[str], None]) -> Any:
    """The ModelProto, with the signature's names, order and dimensions.

    Raises:
        UnsupportedOperator: tf2onnx left something in that is no ONNX.
        StepRefused: it made inputs of something that is none.
    """
    model = _model(frozen, opset, say)
    accept(model, frozen.signature, opset)
    return model


def accept(model: Any, signature: Signature, opset: int) -> None:
    """Refuse what is no ONNX in spite of tf2onnx' good cheer; restore the dimensions.

    Raises:
        UnsupportedOperator, StepRefused: as with `translate`.
    """
    _refuse_leftovers(model, opset)
    _refuse_new_inputs(model, signature)
    restore(model, signature)


def _model(frozen: Frozen, opset: int, say: Callable[[str], None]) -> Any:
    from tf2onnx import optimizer

    operators.register()
    chosen = {
        name: each
        for name, each in optimizer._get_optimizers().items()  # noqa: SLF001 - no public list
        if name not in UNWANTED
    }
    try:
        with spared():
            graph = optimizer.optimize_graph(_mapped(frozen, opset), False, optimizers=chosen)  # noqa: FBT003 - tf2onnx's signature
            return graph.make_model("converted by Modelferry")
    except UnsupportedOperator:
        raise
    except Exception as error:  # noqa: BLE001 - an optimizer may raise anything
        # What tf2onnx does itself: copy the graph before each optimizer, drop those that fail.
        say(f"an optimizer failed ({error}); trying again without those that do")
    graph = optimizer.optimize_graph(_mapped(frozen, opset), True, optimizers=chosen)  # noqa: FBT003 - tf2onnx's signature
    return graph.make_model("converted by Modelferry")


def _mapped(frozen: Frozen, opset: int) -> Any:
    """tf2onnx's graph, before its optimizers.

    Raises:
        UnsupportedOperator: a handler gave up; the node that it gave up on.
    """
    import tensorflow as tf
    from tf2onnx.tfonnx import process_tf_graph

    signature = frozen.signature
    names = {
        tensor: wanted.name
        for tensor, wanted in (
            *zip(frozen.inputs, signature.inputs, strict=True),
            *zip(frozen.outputs, signature.outputs, strict=True),
        )
    }
    with tf.Graph().as_default() as graph, Listener() as heard:
        tf.import_graph_def(frozen.graph, name="")
        try:
            return process_tf_graph(
                graph,
                opset=opset,
                input_names=list(frozen.inputs),
                output_names=list(frozen.outputs),
                tensors_to_rename=names,
                initialized_tables=frozen.tables,
            )
        except Exception as error:
            if heard.failed is None:
                raise
            node, operator = heard.failed
            raise UnsupportedOperator(
                f"tf2onnx cannot translate {operator} at node {node!r} to opset {opset}:"
                f" {error}. Another opset may help.",
                node=node,
                operator=operator,
            ) from error


class Listener(logging.Handler):
    """Hears at which node a handler of tf2onnx gave up: its exception does not say."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.failed: tuple[str, str] | None = None
        self._logger = logging.getLogger("tf2onnx.tfonnx")

    def __enter__(self) -> Self:
        self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        given = record.args if isinstance(record.args, tuple) else ()
        if len(given) == 3 and "Failed to convert node" in str(record.msg):  # noqa: PLR2004 - name, handler, summary
            operator = getattr(given[1], "__qualname__", str(given[1])).split(".")[0]
            self.failed = self.failed or (str(given[0]), operator)


def _refuse_leftovers(model: Any, opset: int) -> None:
    """tf2onnx ends well with TensorFlow's operators and calls left in: find the first."""
    from onnx import defs

    known = {each.domain for each in model.opset_import} - {"", "ai.onnx"}
    for node in _nodes(model.graph):
        if node.domain in known or defs.has(node.op_type, max_inclusive_version=opset):
            continue
        raise UnsupportedOperator(
            f"tf2onnx has no translation of TensorFlow's operator {node.op_type} (node"
            f" {node.name!r}). Replace the layer that makes it by one made of common"
            " operators, or use another route.",
            node=node.name,
            operator=node.op_type,
        )


def _nodes(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _nodes(attribute.g)
            for each in attribute.graphs:
                yield from _nodes(each)


def _refuse_new_inputs(model: Any, signature: Signature) -> None:
    wanted = [tensor.name for tensor in signature.inputs]
    found = [info.name for info in model.graph.input]
    if found != wanted:
        raise StepRefused(f"tf2onnx made the inputs {found} of a model that takes {wanted}.")
