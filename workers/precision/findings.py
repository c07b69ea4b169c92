"""Findings: what was seen of a float32 graph when it ran, by probes within the graph.

A probe is a handful of nodes that end in one number, so memory stays what the graph needs,
however many tensors are watched.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from workers.onnxruntime_bridge.sessions import start
from workers.precision.models import fed, feed_in_double, save
from workers.precision.slots import FLOAT, Slots
from workers.precision.targets import Half
from workers.runtime import Arrays

SHAPED: Final = frozenset({"NonZero", "Unique", "Compress", "NonMaxSuppression", "Range"})
"""The values of their inputs decide the shapes of their outputs: not to be run on others."""

LARGEST, MOVED, SOURCE = "largest", "moved", "probe"


@dataclass
class Findings:
    """The worst over all runs.

    `largest` is the largest finite magnitude of a tensor, by its name. `moved` is how far a
    node's outputs moved when its inputs were rounded, relative to their largest magnitude, by
    the node's name; infinite where an integer or a condition flipped.
    """

    largest: dict[str, float] = field(default_factory=dict)
    moved: dict[str, float] = field(default_factory=dict)
    runs: int = 0


def types_of(model: Any, folder: Path) -> dict[str, str]:
    """ONNX Runtime's type of every tensor of the outermost graph, by name.

    Raises:
        InvalidModel, UnsupportedOperator: it does not take the model.
    """
    import onnx

    probed = onnx.ModelProto()
    probed.CopyFrom(model)
    named = {each.name for each in probed.graph.output}
    made = [name for node in probed.graph.node for name in node.output if name]
    probed.graph.output.extend(
        onnx.ValueInfoProto(name=each) for each in made if each not in named
    )
    session = _started(probed, folder / "types")
    found = {each.name: each.type for each in (*session.get_inputs(), *session.get_outputs())}
    kinds = {1: FLOAT, 10: "tensor(float16)", 16: "tensor(bfloat16)", 11: "tensor(double)"}
    weights = {each.name: kinds.get(each.data_type, "") for each in model.graph.initializer}
    return found | weights


class Probes:
    """A graph with probes in it.

    Args:
        model: in float32. It is not changed.
        watched: the tensors whose magnitude is wanted.
        slots: by node name; with `half`, lowerable ones are run on rounded inputs, too.
        exact: tensors that are not rounded there.
    """

    def __init__(
        self,
        model: Any,
        types: Mapping[str, str],
        watched: Sequence[str],
        folder: Path,
        *,
        half: Half | None = None,
        slots: Mapping[str, Slots] | None = None,
        exact: Collection[str] = (),
    ) -> None:
        import onnx

        self._model = onnx.ModelProto()
        self._model.CopyFrom(model)
        feed_in_double(self._model)
        self._types = types
        self._rounded: dict[str, str] = {}
        self._exact = exact
        self._asked: dict[str, tuple[str, str]] = {}
        self._hold_constants()
        for name in watched:
            self._ask(self._largest(name, name), LARGEST, name)
        for node in list(model.graph.node) if half and slots else ():
            if slots and half and slots[node.name].lowerable and node.op_type not in SHAPED:
                self._shadow(node, slots[node.name], half)
        self._session = _started(self._model, folder / "probes")
        self.findings = Findings()

    def run(self, inputs: Arrays) -> None:
        """Run the graph and take in what its probes say."""
        names = list(self._asked)
        told = self._session.run(names, fed(inputs)) if names else []
        found = self.findings
        found.runs += 1
        for name, value in zip(names, told, strict=True):
            what, whose = self._asked[name]
            into = found.largest if what == LARGEST else found.moved
            into[whose] = max(into.get(whose, 0.0), float(value))

    def _hold_constants(self) -> None:
        """Constants that the probes share."""
        import numpy as np
        from onnx import numpy_helper

        held = {"infinity": np.inf, "zero": 0.0, "tiny": 1e-30}
        self._model.graph.initializer.extend(
            numpy_helper.from_array(np.asarray(value, np.float32), f"{SOURCE}/{name}")
            for name, value in held.items()
        )

    def _add(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        from onnx import helper

        output = f"{SOURCE}/{len(self._model.graph.node)}/{name}"
        self._model.graph.node.append(
            helper.make_node(operator, inputs, [output], name=output, **attributes)
        )
        return output

    def _ask(self, tensor: str, what: str, whose: str) -> None:
        import onnx

        self._asked[tensor] = (what, whose)
        self._model.graph.output.append(onnx.ValueInfoProto(name=tensor))

    def _largest(self, tensor: str, name: str) -> str:
        """The largest finite magnitude."""
        size = self._add("Abs", [tensor], f"{name}/abs")
        finite = self._add("Less", [size, f"{SOURCE}/infinity"], f"{name}/finite")
        kept = self._add("Where", [finite, size, f"{SOURCE}/zero"], f"{name}/kept")
        return self._add("ReduceMax", [kept], f"{name}/largest", keepdims=0)

    def _shadow(self, node: Any, slots: Slots, half: Half) -> None:
        """The node a second time on rounded inputs, and how far its outputs lie apart."""
        import onnx

        shadow = onnx.NodeProto()
        shadow.CopyFrom(node)
        shadow.name = f"{SOURCE}/{node.name}/shadow"
        for index in slots.inputs:
            if node.input[index] not in self._exact:
                shadow.input[index] = self._round(node.input[index], half)
        for index, name in enumerate(node.output):
            shadow.output[index] = f"{SOURCE}/{name}/shadow" if name else ""
        self._model.graph.node.append(shadow)
        parts = [
            self._distance(name, other, exact=self._types.get(name) != FLOAT)
            for name, other in zip(node.output, shadow.output, strict=True)
            if name and self._types.get(name, "").startswith("tensor(")
        ]
        self._ask(self._add("Max", parts, f"{node.name}/{MOVED}"), MOVED, node.name)

    def _round(self, tensor: str, half: Half) -> str:
        if tensor not in self._rounded:
            low = self._add("Cast", [tensor], f"{tensor}/low", to=half.kind)
            self._rounded[tensor] = self._add("Cast", [low], f"{tensor}/rounded", to=1)
        return self._rounded[tensor]

    def _distance(self, one: str, other: str, *, exact: bool) -> str:
        """max|Δ| / max|one|; of what must be equal: infinite where it is not."""
        name = f"{one}/distance"
        first, second = one, other
        if exact:
            first = self._add("Cast", [one], f"{name}/first", to=1)
            second = self._add("Cast", [other], f"{name}/second", to=1)
        delta = self._add("Abs", [self._add("Sub", [first, second], f"{name}/sub")], f"{name}/abs")
        same = self._add("Equal", [first, second], f"{name}/same")  # infinite ones, too
        quiet = self._add("Where", [same, f"{SOURCE}/zero", delta], f"{name}/quiet")
        sound = self._add("Less", [quiet, f"{SOURCE}/infinity"], f"{name}/sound")
        whole = self._add("Where", [sound, quiet, f"{SOURCE}/infinity"], f"{name}/whole")
        most = self._add("ReduceMax", [whole], f"{name}/most", keepdims=0)
        scale = f"{SOURCE}/tiny"
        if not exact:
            scale = self._add("Max", [self._largest(one, name), scale], f"{name}/scale")
        part = self._add("Div", [most, scale], f"{name}/part")
        return self._add("Max", [part, f"{SOURCE}/zero"], f"{name}/safe")


def _started(model: Any, folder: Path) -> Any:
    folder.mkdir()
    return start(save(model, folder / "model.onnx"), optimise=False)
