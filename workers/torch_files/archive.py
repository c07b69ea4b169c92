"""What an exported program holds, read without loading it.

`torch.export.load` executes what it finds: pickled weights and constants, a compiled library,
shape expressions and guards that it hands to `eval`. All of these are refused here. This
closes the doors that are known; the sandbox around the child is the wall.
"""

import ast
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from shared.domain.errors import InvalidModel

EXPORT_AGAIN: Final = (
    "Export the model again with torch.export.export and torch.export.save, on plain tensors."
)

CALLABLE: Final = re.compile(
    r"Symbol|Integer|Float|Rational|Add|Mul|Pow|Mod|Max|Min|Eq|Ne|Lt|Le|Gt|Ge|Equality|"
    r"Unequality|StrictLessThan|StrictGreaterThan|LessThan|GreaterThan|And|Or|Not|Abs|Piecewise|"
    r"ExprCondPair|floor|ceiling|FloorDiv|ModularIndexing|Where|PythonMod|CleanDiv|CeilToInt|"
    r"FloorToInt|CeilDiv|LShift|RShift|PowByNatural|FloatPow|FloatTrueDiv|IntTrueDiv|TruncToInt|"
    r"TruncToFloat|RoundToInt|RoundDecimal|ToFloat|Identity|BitwiseFn_\w+|OpaqueUnaryFn_\w+|"
    r"size|item|stride|storage_offset|isnan|ceil|sqrt|math"
)
"""What a shape expression or a guard may call."""

HARMLESS: Final = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.keyword,
    ast.Call,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Constant,
    ast.expr_context,
)


def check_archive(path: Path) -> Iterator[dict[str, Any]]:
    """The exported programs of the archive, as JSON, once nothing in it runs at loading.

    Raises:
        InvalidModel: it is no such archive, is damaged, or holds code.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            _check_members(names)
            for name in names:
                if name.endswith("_config.json"):
                    _check_payloads(json.loads(archive.read(name)))
            programs = [
                json.loads(archive.read(name))
                for name in names
                if PurePosixPath(name).parts[1:2] == ("models",) and name.endswith(".json")
            ]
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, OSError) as error:
        raise InvalidModel(
            f"The file cannot be read as an exported program ({error}). {EXPORT_AGAIN}"
        ) from error
    if len(programs) != 1:
        raise InvalidModel(
            f"The archive holds {len(programs)} exported programs, not one: it holds something"
            f" else, or it is cut short. {EXPORT_AGAIN}"
        )
    for program in programs:
        for text in _expressions(program):
            _check_expression(text)
    return iter(programs)


def _check_members(names: list[str]) -> None:
    for name in names:
        if "aotinductor" in name or name.endswith((".so", ".dll", ".dylib", ".o")):
            raise InvalidModel(
                f"The archive holds compiled code ({name}), which is never run. {EXPORT_AGAIN}"
            )


def _check_payloads(config: Any) -> None:
    """Weights and constants must be plain tensors: anything else is a pickle."""
    for name, payload in config.get("config", {}).items():
        kind = PurePosixPath(str(payload.get("path_name", ""))).name
        if payload.get("use_pickle") or not kind.startswith(("weight_", "tensor_")):
            raise InvalidModel(
                f"{name!r} is stored as a pickle, which is code and is never loaded."
                f" {EXPORT_AGAIN}",
                node=name,
            )


def _expressions(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "expr_str" and isinstance(value, str):
                yield value
            elif key == "guards_code" and isinstance(value, list):
                yield from map(str, value)
            else:
                yield from _expressions(value)
    elif isinstance(part, list):
        for each in part:
            yield from _expressions(each)


def _check_expression(text: str) -> None:
    try:
        harmless = all(map(_harmless, ast.walk(ast.parse(text.strip(), mode="eval"))))
    except (SyntaxError, ValueError, RecursionError):
        harmless = False
    if not harmless:
        raise InvalidModel(
            f"A shape of the program is not arithmetic but code: {text[:80]!r}. {EXPORT_AGAIN}"
        )


def _harmless(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return CALLABLE.fullmatch(name) is not None
        case ast.Call():
            return False
        case ast.Attribute(attr=name):
            return CALLABLE.fullmatch(name) is not None
        case ast.Name(id=name):
            return "__" not in name
        case ast.Constant(value=str(text)):
            return text.isidentifier() and "__" not in text
        case _:
            return isinstance(node, HARMLESS)
