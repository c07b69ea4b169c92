"""External data: the files that an ONNX model says its weights lie in.

Loaders refuse `..`, absolute paths and symbolic links; ONNX Runtime reads hard links. All are
refused here, before anything is opened.
"""

import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from shared.domain.errors import InvalidModel

SMALL = 1 << 16
"""Bytes. Shapes and axes are far smaller, and weights that matter for memory far larger."""


def check_external(model: Any, folder: Path) -> None:
    """Hold every location against the model's own folder.

    Raises:
        InvalidModel: a location leads out of the folder, is a link, or is missing.
    """
    for location, tensor in locations(model).items():
        _check(location, tensor, folder)


def locations(model: Any) -> dict[str, str]:
    """Each file that weights are said to lie in, and the name of a tensor that lies there."""
    return {
        entry.value: tensor.name
        for tensor in tensors(model)
        for entry in tensor.external_data
        if entry.key == "location"
    }


def small_external(model: Any, folder: Path) -> Iterator[Any]:
    """The external tensors whose data is SMALL, of a model that `check_external` passed."""
    for tensor in tensors(model):
        told = {entry.key: entry.value for entry in tensor.external_data}
        if told:
            whole = (folder / told["location"]).stat().st_size
            if int(told.get("length", whole)) <= SMALL:
                yield tensor


def _check(location: str, tensor: str, folder: Path) -> None:
    pure = PurePosixPath(location)
    if pure.is_absolute() or ".." in pure.parts or "\\" in location or not pure.parts:
        raise InvalidModel(
            f"The weights of {tensor!r} are said to lie at {location!r}, outside of the model's"
            " own folder. That is never read.",
            node=tensor,
        )
    path = folder
    for part in pure.parts:
        path /= part
        _check_part(path, location, tensor)
    if not path.is_file():
        raise _wrong(location, tensor, "is no plain file")


def _check_part(path: Path, location: str, tensor: str) -> None:
    try:
        status = path.lstat()
    except OSError:
        raise InvalidModel(
            f"The weights of {tensor!r} lie in {location!r}, which is missing. Upload a zip that"
            " holds the .onnx file and its data files.",
            node=tensor,
        ) from None
    if stat.S_ISLNK(status.st_mode):
        raise _wrong(location, tensor, "is a symbolic link")
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        raise _wrong(location, tensor, "is a hard link")


def _wrong(location: str, tensor: str, what: str) -> InvalidModel:
    return InvalidModel(
        f"The weights of {tensor!r} lie in {location!r}, which {what}. That is never read.",
        node=tensor,
    )


def tensors(model: Any) -> Iterator[Any]:
    """Every tensor that the file holds: weights, those of attributes, and parts of sparse ones."""
    yield from _of_graph(model.graph)
    for function in model.functions:
        yield from _of_nodes(function.node)


def _of_graph(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: Any) -> Iterator[Any]:
    for node in nodes:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
            for graph in (attribute.g, *attribute.graphs):
                yield from _of_graph(graph)
