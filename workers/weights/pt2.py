"""Weights of exported programs, read from their archive; the program in it is never loaded."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.torch_files.archive import EXPORT_AGAIN, check_archive
from workers.weights.sections import Located, Section
from workers.weights.torch_pickles import Stored
from workers.weights.torch_zips import Members
from workers.weights.tying import ties
from workers.weights.variables import Layer

CONFIG: Final = "data/weights/model_weights_config.json"
CONSTANTS: Final = "data/constants/model_constants_config.json"

DTYPES: Final[Mapping[int, str]] = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
    31: "float8_e4m3fnuz",
    32: "float8_e5m2fnuz",
    33: "float8_e8m0fnu",
    34: "uint32",
    35: "uint64",
}
"""numpy's names of torch._export.serde.schema.ScalarType."""

SCALARS: Final = ("as_int", "as_float", "as_bool", "as_ints", "as_string")


def locate(path: Path) -> Located:
    """The parameters and buffers, by the names of `state_dict`.

    Raises:
        InvalidModel: the archive is damaged, holds code, or was written before torch 2.9.
    """
    (program,) = check_archive(path)
    members = Members(path)
    if CONFIG not in members:
        raise InvalidModel(f"The archive does not say where its weights lie. {EXPORT_AGAIN}")
    config = json.loads(members.read(CONFIG))["config"]
    sections = {
        name: _section(members, name, config[name]) for name in _in_order(list(config), program)
    }
    return Located(
        sections,
        ties=ties(sections),
        layers=dict(_layers(program)),
        notes=_notes(members),
    )


def _section(members: Members, name: str, payload: Any) -> Section:
    try:
        meta = payload["tensor_meta"]
        stored = Stored(
            key=str(payload["path_name"]),
            dtype=DTYPES.get(meta["dtype"], f"of number {meta['dtype']}"),
            offset=int(meta["storage_offset"]["as_int"]),
            shape=tuple(int(each["as_int"]) for each in meta["sizes"]),
            strides=tuple(int(each["as_int"]) for each in meta["strides"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidModel(
            f"The archive does not say where the weight {name!r} lies. {EXPORT_AGAIN}", node=name
        ) from error
    return members.section(name, "data/weights", stored)


def _in_order(names: list[str], program: Any) -> list[str]:
    """Modules in the order in which the program first uses something of them: that in which they
    were written down says little of their place."""
    specs = program["graph_module"]["signature"]["input_specs"]
    held = dict(filter(None, map(_held, specs)))
    listed = list(dict.fromkeys([*(each for each in held.values() if each in names), *names]))
    used: dict[str, int] = {}
    for index, node in enumerate(program["graph_module"]["graph"]["nodes"]):
        for argument in _tensors(node.get("inputs", ())):
            if argument in held:
                used.setdefault(held[argument].rpartition(".")[0], index)
    ranks: dict[str, tuple[int, int]] = {}
    last = 0
    for each in listed:
        scope = each.rpartition(".")[0]
        last, _ = ranks.setdefault(scope, (used.get(scope, last), len(ranks)))
    return sorted(listed, key=lambda name: ranks[name.rpartition(".")[0]])


def _held(spec: Any) -> tuple[str, str] | None:
    """The name in the graph and the name in the state_dict, of a parameter or a buffer."""
    for kind in ("parameter", "buffer"):
        if kind in spec:
            return str(spec[kind]["arg"]["name"]), str(spec[kind][f"{kind}_name"])
    return None


def _tensors(inputs: Any) -> Iterator[str]:
    """The names of the tensors among a node's arguments, those in lists too."""
    for each in inputs:
        argument = each.get("arg", {})
        found = [argument.get("as_tensor"), *(argument.get("as_tensors") or ())]
        found += [each.get("as_tensor") for each in argument.get("as_optional_tensors") or ()]
        yield from (str(each["name"]) for each in found if each)


def _layers(program: Any) -> Iterator[tuple[str, Layer]]:
    """The modules that nodes came of. A module's settings are the plain arguments of its node."""
    seen: dict[str, str] = {}
    settings: dict[str, dict[str, Any]] = {}
    for node in program["graph_module"]["graph"]["nodes"]:
        stack = str(node.get("metadata", {}).get("nn_module_stack", ""))
        entries = [each.split(",") for each in stack.split(";")]
        places = [(each[1], each[2]) for each in entries if len(each) == 3]  # noqa: PLR2004 - key, path, class
        for place, kind in places:
            seen.setdefault(place, kind.rpartition(".")[2])
        if places:
            settings.setdefault(places[-1][0], {}).update(_plain(node.get("inputs", ())))
    for place, kind in seen.items():
        yield place, Layer(kind, settings.get(place, {}))


def _plain(inputs: Any) -> Iterator[tuple[str, Any]]:
    for each in inputs:
        argument = each.get("arg", {})
        for kind in SCALARS:
            if kind in argument:
                yield str(each.get("name")), argument[kind]


def _notes(members: Members) -> tuple[str, ...]:
    if CONSTANTS not in members:
        return ()
    left = list(json.loads(members.read(CONSTANTS))["config"])
    if not left:
        return ()
    told = (
        f"{len(left)} constants and buffers that are no part of the state_dict were left out:"
        f" {', '.join(left[:8])}."
    )
    return (told,)
