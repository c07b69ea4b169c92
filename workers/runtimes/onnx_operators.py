"""Operators: whether ONNX, ONNX Runtime or the file itself says what each node of a model does."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from shared.domain.errors import InvalidModel, UnsupportedOperator
from workers.onnx_graph.light import calls

OWN: Final = ("", "ai.onnx")
"""ONNX's own domain, by both of its names."""

MOST_SHOWN: Final = 5
OPSETS_SINCE: Final = 3
"""The IR version from which a file says its opsets."""


def check_operators(model: Any) -> None:
    """Refuse what nobody can say the meaning of.

    Raises:
        UnsupportedOperator: names the domain, the operator and the first node of those unknown.
        InvalidModel: a domain is used without a version, or a version is from the future.
    """
    own = {(each.domain, each.name) for each in model.functions}
    unknown = [
        (node, why)
        for nodes, imports in _parts(model)
        for node in nodes
        if (node.domain, node.op_type) not in own and (why := _unknown(node, imports))
    ]
    if unknown:
        raise _fault(unknown)


def _parts(model: Any) -> Iterator[tuple[Iterator[Any], Mapping[str, int]]]:
    imports = _imports(model)
    if model.ir_version < OPSETS_SINCE:
        imports.setdefault("", 1)
    yield calls(model.graph), imports
    for function in model.functions:
        yield calls(function), imports | _imports(function)


def _imports(holder: Any) -> dict[str, int]:
    return {
        "" if each.domain in OWN else each.domain: each.version for each in holder.opset_import
    }


def _unknown(node: Any, imports: Mapping[str, int]) -> str | None:
    """Why a node has no meaning; None where it has one.

    Raises:
        InvalidModel: that cannot be said, since the version is not known.
    """
    domain = "" if node.domain in OWN else node.domain
    lent = _of_onnx_runtime().get(domain, ())
    if node.op_type in lent and domain not in _newest():
        return None
    if domain not in _newest():
        whose = "has no such operator" if lent else "is known to nobody here"
        return f"the domain {domain!r} {whose}"
    version = _version(node, domain, imports)
    if node.op_type in lent or _schema(node.op_type, version, domain):
        return None
    return f"opset {version} of {domain or 'ai.onnx'!r} has no such operator"


def _version(node: Any, domain: str, imports: Mapping[str, int]) -> int:
    """Of the domain, as the file says."""
    version, newest = imports.get(domain), _newest()[domain]
    if version is None:
        raise InvalidModel(
            f"The node {_label(node)!r} is of the domain {domain or 'ai.onnx'!r}, and the file"
            " does not say which version of it. Export the model anew.",
            node=_label(node),
            operator=_title(node),
        )
    if version > newest:
        raise InvalidModel(
            f"The model is written in version {version} of {domain or 'ai.onnx'!r}, and the"
            f" newest that is known here is {newest}. Export it with an older opset.",
            node=_label(node),
            operator=_title(node),
        )
    return version


def _fault(unknown: list[tuple[Any, str]]) -> UnsupportedOperator:
    node, why = unknown[0]
    others = list(dict.fromkeys(_title(each) for each, _ in unknown[1:]))
    others = [each for each in others if each != _title(node)]
    more = f" So are {', '.join(others[:MOST_SHOWN])}." if others else ""
    return UnsupportedOperator(
        f"The operator {_title(node)} of the node {_label(node)!r} is unknown: {why}.{more}"
        " Replace it by standard operators, or put its function body into the file.",
        node=_label(node),
        operator=_title(node),
    )


def _title(node: Any) -> str:
    return f"{node.domain}.{node.op_type}" if node.domain else str(node.op_type)


def _label(node: Any) -> str:
    return str(node.name or next((each for each in node.output if each), node.op_type))


def _schema(operator: str, version: int, domain: str) -> bool:
    from onnx import defs

    try:
        defs.get_schema(operator, version, domain)
    except defs.SchemaError:
        return False
    return True


@cache
def _newest() -> Mapping[str, int]:
    """By domain that ONNX defines, its newest version."""
    from onnx import defs

    versions: dict[str, int] = {"": defs.onnx_opset_version()}
    for each in defs.get_all_schemas():
        if each.domain:
            versions[each.domain] = max(versions.get(each.domain, 1), each.since_version)
    return versions


@cache
def _of_onnx_runtime() -> Mapping[str, frozenset[str]]:
    """By domain, the operators that ONNX Runtime brings along and ONNX does not have."""
    from onnx import defs
    from onnxruntime.capi.onnxruntime_pybind11_state import get_all_operator_schema

    known = {(each.domain, each.name) for each in defs.get_all_schemas_with_history()}
    found: dict[str, set[str]] = {}
    for each in get_all_operator_schema():
        domain = "" if each.domain in OWN else each.domain
        if (domain, each.name) not in known:
            found.setdefault(domain, set()).add(each.name)
    return {domain: frozenset(names) for domain, names in found.items()}
