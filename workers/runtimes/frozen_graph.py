"""TensorFlow frozen graphs, run by TensorFlow on the CPU."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray
from typing_extensions import override

from shared.domain.formats import FROZEN_GRAPH, Format
from shared.domain.signatures import Inspection
from workers.runtime import Arrays, Given, Runtime, Session
from workers.runtimes.branching import branches
from workers.tensorflow_bridge import frozen_graphs
from workers.tensorflow_bridge.tracing import trace

CHOICE = ".tensors"
"""What the name of the note ends with that says which inputs and outputs are meant."""

OPTIONS = ("graph_inputs", "graph_outputs")


class FrozenGraphRuntime(Runtime):
    """A GraphDef in a `.pb`: fed at its placeholders, read where nothing else reads."""

    format: ClassVar[Format] = FROZEN_GRAPH
    packages: ClassVar[tuple[str, ...]] = ("tensorflow-cpu", "numpy")

    @override
    def choose(self, path: Path, options: Mapping[str, Any]) -> Path:
        told = {name: options[name] for name in OPTIONS if options.get(name)}
        if told:
            _note(path).write_text(json.dumps(told), encoding="utf-8")
        return path

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        return frozen_graphs.inspection(opened(path))

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        import tensorflow as tf

        graph = opened(path)
        callee = frozen_graphs.callee(graph)
        traced = trace(callee)
        signature = callee.signature

        def run(inputs: Arrays) -> dict[str, NDArray[Any]]:
            answers = traced.function(
                *(tf.constant(inputs[each.name], each.dtype) for each in signature.inputs)
            )
            pairs = zip(signature.outputs, answers, strict=True)
            return {tensor.name: answer.numpy() for tensor, answer in pairs}

        operators = {node.op for node in graph.proto.node}
        yield Session(signature, run, branches=branches(operators))


def opened(path: Path) -> frozen_graphs.Graph:
    """The graph with the inputs and outputs that `choose` left word of. Raises as `read`."""
    note = _note(path)
    told = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    return frozen_graphs.read(path, told.get(OPTIONS[0]), told.get(OPTIONS[1]))


def _note(path: Path) -> Path:
    return path.with_name(path.name + CHOICE)
