"""Small files that look like models, and some that should be refused."""

import io
import json
import pickle
import zipfile
from typing import Any

from typing_extensions import override


def onnx_model(scale: float = 2.0) -> bytes:
    """y = scale * x, with x of shape (batch, 3)."""
    from onnx import TensorProto, checker, helper

    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "scale"], ["y"])],
        "scaled",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor("scale", TensorProto.FLOAT, [1], [scale])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def zipped(members: dict[str, bytes]) -> bytes:
    """An archive with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def keras_model(name: str = "tiny") -> bytes:
    """What a .keras archive holds, as far as it is looked at before a child opens it."""
    return zipped(
        {
            "metadata.json": json.dumps({"keras_version": "3.15.1"}).encode(),
            "config.json": json.dumps({"class_name": "Sequential", "name": name}).encode(),
            "model.weights.h5": b"\x89HDF\r\n\x1a\n" + name.encode().ljust(4096, b"\0"),
        }
    )


def program(name: str = "tiny") -> bytes:
    """What a .pt2 archive holds, as far as it is looked at before a child opens it."""
    return zipped(
        {
            "tiny/archive_format": b"pt2",
            "tiny/archive_version": b"0",
            "tiny/models/model.json": json.dumps({"name": name}).encode(),
        }
    )


def linked() -> bytes:
    """An archive with a symbolic link out of it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("saved_model.pb", b"\x08\x01")
        link = zipfile.ZipInfo("variables")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc")
    return buffer.getvalue()


def bomb() -> bytes:
    """An archive that unpacks to more than a thousand times its size."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("saved_model.pb", b"\0" * (64 << 20))
    return buffer.getvalue()


def torch_file(value: Any) -> bytes:
    """What `torch.save` writes of a value."""
    import torch

    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


class Trap:
    """A pickle that, opened, makes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.path, "w")


def trapped(path: str) -> bytes:
    """A pickled thing of the old sort: no archive, code that runs when it is loaded."""
    return pickle.dumps(Trap(path))


def samples(**arrays: Any) -> bytes:
    """An .npz."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()
