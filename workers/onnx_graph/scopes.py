"""Scopes: which module a node was exported from, as far as exporters leave word of it."""

import json
from typing import Any, Final

NAMESPACE: Final = "namespace"
NAME_SCOPES: Final = "pkg.torch.onnx.name_scopes"


def scope_of(node: Any) -> tuple[str, ...]:
    """Module names, outermost first, without the node's own; () where nothing is known.

    torch.onnx with dynamo writes metadata (`pkg.torch.onnx.name_scopes`, a list of dotted paths
    of which each holds the one before); its older exporter and tf2onnx write paths as names
    (`/layer1/layer1.0/conv1/Conv`, `StatefulPartitionedCall/model/conv1/Conv2D`).
    """
    told = {entry.key: entry.value for entry in node.metadata_props}
    if NAME_SCOPES in told:
        return _of_list(told[NAME_SCOPES])
    parts = [each for each in node.name.split("/") if each]
    return tuple(_without_repeats(parts[:-1]))


def _of_list(text: str) -> tuple[str, ...]:
    try:
        listed = json.loads(text.replace("'", '"'))
    except ValueError:
        return ()
    paths = [each for each in listed if isinstance(each, str) and each]
    return tuple(_without_repeats(paths[:-1]))


def _without_repeats(paths: list[str]) -> list[str]:
    """`layer1`, `layer1.0` says `layer1` twice: only what each adds is kept."""
    found: list[str] = []
    whole = ""
    for path in paths:
        if whole and path.startswith(f"{whole}."):
            found.append(path[len(whole) + 1 :])
            whole = path
        else:
            found.append(path)
            whole = path
    return found
