"""Rewriting: a `.tflite` taken apart as objects, and put together again."""

from pathlib import Path
from typing import Any, Final

IDENTIFIER: Final = b"TFL3"
PLACEHOLDER: Final = 127
"""PLACEHOLDER_FOR_GREATER_OP_CODES of schema.fbs."""


def unpacked(path: Path) -> Any:
    """The file's ModelT, whose parts can be changed."""
    from ai_edge_litert import schema_py_generated as schema

    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes()))


def write(model: Any, path: Path) -> None:
    """Pack a ModelT."""
    import flatbuffers

    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    path.write_bytes(builder.Output())


def numbered(path: Path, result: Path) -> dict[str, str]:
    """Write the file again as old readers want it.

    Tensors are called by number, since names may come twice; the field of a byte in which
    operators were told first is filled as well.

    Returns:
        What each was called.
    """
    model = unpacked(path)
    for code in model.operatorCodes:
        code.builtinCode = max(code.builtinCode, code.deprecatedBuiltinCode)
        code.deprecatedBuiltinCode = min(code.builtinCode, PLACEHOLDER)
    names: dict[str, str] = {}
    for place, graph in enumerate(model.subgraphs):
        for number, tensor in enumerate(graph.tensors):
            name = f"tensor_{place}_{number}"
            names[name] = (tensor.name or b"").decode("utf-8", "replace")
            tensor.name = name.encode()
    write(model, result)
    return names
