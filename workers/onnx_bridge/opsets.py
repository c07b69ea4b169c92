"""Opsets: a model written in the operators of another version, one version at a time.

ONNX's own converter (C++) adapts the nodes whose operator changed. It refuses a node as soon as
it has no adapter, also where nothing that the node uses has changed but types; such nodes are
hidden from it. An operator that is younger than the version that is wanted is replaced by its
function body, where ONNX defines one.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from shared.domain.errors import FerryError, StepRefused, UnsupportedOperator
from workers.onnx_bridge.bodies import written_out
from workers.onnx_files.opsets import version
from workers.onnx_graph.light import calls, inferred, inlined, lightened
from workers.onnx_graph.reading import OWN

HIDDEN: Final = "hidden.from.the.converter"
FREE_WEIGHTS: Final = 4
"""The IR version from which weights need not be inputs, too."""


def converted(model: Any, target: int) -> Any:
    """The model at another opset of the standard operators, its own functions inlined.

    Weights that lie in other files stay there.

    Raises:
        UnsupportedOperator: a node's operator has no equivalent at that version; names both.
        StepRefused: ONNX's converter failed on the model as a whole.
    """
    start = version(model)
    step = 1 if target > start else -1
    light = inlined(lightened(model), [])
    if step < 0:
        light = _replaced(light, target)
    # ONNX's converter wants weights among the inputs of files as old as that was the rule
    light.ir_version = max(light.ir_version, FREE_WEIGHTS)
    for here in range(start, target, step):
        light = _stepped(light, here, here + step)
    _declare(light, target, lower=step < 0)
    _weigh(light, model)
    return light


def _replaced(model: Any, target: int) -> Any:
    """Operators that are younger than the target, replaced by what they do."""
    while young := [node for node in _standard(model) if _schema(node, target) is None]:
        before = [each.op_type for each in _standard(model)]
        model = written_out(model, sorted({(each.domain, each.op_type) for each in young}))
        if [each.op_type for each in _standard(model)] == before:
            why = "there is no such operator yet, and ONNX does not say what it does in others"
            raise _unsupported(young[0], version(model), target, why)
    return model


def _stepped(model: Any, here: int, there: int) -> Any:
    """One version on: a relabelling, where no node's operator changed."""
    changed = [node for node in _standard(model) if not _same(node, here, there)]
    if not changed:
        _relabel(model, there)
        return model
    hidden: set[str] = set()
    while True:
        try:
            return _adapted(model, there, hidden)
        except RuntimeError as error:
            said = str(error).strip().splitlines()[-1].rpartition("failed: ")[2]
            blamed = [node for node in changed if re.search(rf"\b{node.op_type}\b", said)]
            refused = next((node for node in blamed if not _fits(node, here, there)), None)
            if refused is not None or not blamed or blamed[0].op_type in hidden:
                raise _fault(refused, here, there, said) from error
            hidden.add(blamed[0].op_type)


def _adapted(model: Any, there: int, hidden: Collection[str]) -> Any:
    from onnx import ModelProto, version_converter

    veiled = ModelProto()
    veiled.CopyFrom(model)
    for node in _standard(veiled):
        if node.op_type in hidden:
            node.domain = HIDDEN
    if hidden:
        veiled.opset_import.add(domain=HIDDEN, version=1)
    made = version_converter.convert_version(inferred(veiled), there)
    for node in calls(made.graph):
        if node.domain == HIDDEN:
            node.domain = ""
    _drop_import(made, HIDDEN)
    return made


def _same(node: Any, here: int, there: int) -> bool:
    one, other = _schema(node, here), _schema(node, there)
    return one is not None and other is not None and one.since_version == other.since_version


def _fits(node: Any, here: int, there: int) -> bool:
    """Whether what the node uses is the same at both versions, but for types."""
    one, other = _schema(node, here), _schema(node, there)
    return (
        one is not None
        and other is not None
        and _agree(one.inputs, other.inputs, len(node.input), other.min_input)
        and _agree(one.outputs, other.outputs, len(node.output), other.min_output)
        and _attributes_agree(one, other, node)
    )


def _agree(ones: Any, others: Any, used: int, least: int) -> bool:
    names = [[each.name for each in arguments][:used] for arguments in (ones, others)]
    return used >= least and names[0] == names[1]


def _attributes_agree(one: Any, other: Any, node: Any) -> bool:
    """Whether both have the attributes that the node sets, and take the others that both have for
    the same. What only one has and the node does not set is as it ever was."""
    given = {each.name for each in node.attribute}
    shared = one.attributes.keys() & other.attributes.keys()
    return given <= shared and all(
        one.attributes[name].default_value == other.attributes[name].default_value
        for name in shared - given
    )


def _standard(model: Any) -> Iterator[Any]:
    return (node for node in calls(model.graph) if node.domain in OWN)


def _schema(node: Any, opset: int) -> Any | None:
    from onnx import defs

    try:
        return defs.get_schema(node.op_type, opset, "")
    except defs.SchemaError:
        return None


def _weigh(light: Any, model: Any) -> None:
    """Give the weights their values back that the light copy went without."""
    whole = {each.name: each for each in model.graph.initializer}
    for each in light.graph.initializer:
        if each.name in whole and each.dims == whole[each.name].dims:
            each.CopyFrom(whole[each.name])


def _relabel(model: Any, target: int) -> None:
    for domain in OWN:
        _drop_import(model, domain)
    model.opset_import.add(domain="", version=target)


def _drop_import(model: Any, domain: str) -> None:
    kept = [(each.domain, each.version) for each in model.opset_import if each.domain != domain]
    del model.opset_import[:]
    for name, number in kept:
        model.opset_import.add(domain=name, version=number)


def _declare(model: Any, target: int, *, lower: bool) -> None:
    """The version of the file's own syntax that goes with the opset."""
    from onnx import helper

    _relabel(model, target)
    imports = list(model.opset_import)
    syntax = helper.find_min_ir_version_for(imports, ignore_unknown=True)
    least = max(FREE_WEIGHTS, syntax)
    model.ir_version = least if lower else max(model.ir_version, least)


def _fault(node: Any | None, here: int, there: int, said: str) -> FerryError:
    if node is not None:
        return _unsupported(node, here, there, said)
    return StepRefused(f"The opset cannot be changed from {here} to {there}: {said}.")


def _unsupported(node: Any, here: int, there: int, why: str) -> UnsupportedOperator:
    name = node.name or next((each for each in node.output if each), node.op_type)
    return UnsupportedOperator(
        f"{node.op_type} (node {name!r}) cannot be taken from opset {here} to {there}: {why}."
        " Ask for another opset, or replace the node.",
        node=name,
        operator=node.op_type,
    )
