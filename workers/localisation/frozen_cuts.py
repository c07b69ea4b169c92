"""Frozen graphs, ended early."""

from collections.abc import Sequence
from pathlib import Path

from workers.localisation.tensorflow_graphs import TensorflowGraph
from workers.runtimes.frozen_graph import opened


class FrozenGraphCuts(TensorflowGraph):
    """A GraphDef from the tensors that are fed on. Loops and branches of TensorFlow 1 stay
    whole."""

    def __init__(self, path: Path) -> None:
        self._read = opened(path)
        super().__init__(self._read.proto, self._read.inputs, self._read.outputs)

    def cut(self, position: int, names: Sequence[str], folder: Path) -> Path:  # noqa: ARG002 - what the outputs do not need is left out
        """Nothing reads the tensors' copies, so that whoever opens the file finds them."""
        import tensorflow as tf

        kept = [name.rpartition(":")[0] for name in (*self._read.inputs, *names)]
        proto = tf.compat.v1.graph_util.extract_sub_graph(self._read.proto, kept)
        for at, name in enumerate(names):
            copy = proto.node.add(name=f"cut_{at}", op="Identity", input=[name])
            copy.attr["T"].type = self.tensor(name).dtype.as_datatype_enum
        path = folder / "cut.pb"
        path.write_bytes(proto.SerializeToString())
        return path
