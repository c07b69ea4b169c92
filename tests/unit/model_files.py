"""Small real files of every kind, written by the frameworks themselves."""

import pickle
import tarfile
import zipfile
from pathlib import Path

KINDS = (
    "pt2", "scripted", "traced", "state_dict", "state_dict_legacy", "checkpoint",
    "module", "module_legacy", "module_pickle", "module_pickle_0", "numbers_pickle",
    "keras", "h5", "savedmodel_zip", "savedmodel_tgz", "savedmodel_folder_zip", "saved_model_pb",
    "onnx", "onnx_zip", "npz", "tflite_head", "frozen_graph",
)  # fmt: skip


def write_all(folder: Path) -> dict[str, Path]:
    """The files by kind."""
    files = {**_torch(folder), **_keras(folder), **_onnx(folder)}
    assert set(files) == set(KINDS)
    return files


def _torch(folder: Path) -> dict[str, Path]:
    import torch
    from torch import nn

    files = {name: folder / f"{name}.pt" for name in KINDS[:11]}
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU()).eval()
    optimizer = torch.optim.Adam(model.parameters())
    torch.export.save(torch.export.export(model, (torch.zeros(2, 4),)), str(files["pt2"]))
    torch.jit.script(model).save(str(files["scripted"]))
    torch.jit.trace(model, torch.zeros(1, 4)).save(str(files["traced"]))
    torch.save(model.state_dict(), files["state_dict"])
    torch.save(
        model.state_dict(), files["state_dict_legacy"], _use_new_zipfile_serialization=False
    )
    state = {"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(state, files["checkpoint"])
    torch.save(model, files["module"])
    torch.save(model, files["module_legacy"], _use_new_zipfile_serialization=False)
    files["module_pickle"].write_bytes(pickle.dumps(model))
    files["module_pickle_0"].write_bytes(pickle.dumps(model, protocol=0))
    files["numbers_pickle"].write_bytes(pickle.dumps({"a": [1, 2.0]}))
    return files


def _keras(folder: Path) -> dict[str, Path]:
    import keras

    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3)])
    model.save(folder / "m.keras")
    model.save(folder / "m.h5")
    saved = folder / "saved"
    model.export(saved, verbose=False)
    _freeze(folder / "frozen.pb")
    members = [(path, path.relative_to(saved).as_posix()) for path in sorted(saved.rglob("*"))]
    for name, prefix in (("flat.zip", ""), ("folder.zip", "model/")):
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, member in members:
                archive.write(path, prefix + member)
    with tarfile.open(folder / "saved.tar.gz", "w:gz") as archive:
        archive.add(saved, "./")
    return {
        "keras": folder / "m.keras",
        "h5": folder / "m.h5",
        "savedmodel_zip": folder / "flat.zip",
        "savedmodel_folder_zip": folder / "folder.zip",
        "savedmodel_tgz": folder / "saved.tar.gz",
        "saved_model_pb": saved / "saved_model.pb",
        "frozen_graph": folder / "frozen.pb",
    }


def _freeze(path: Path) -> None:
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, 4], name="x")
        tf.matmul(x, tf.constant(2.0, tf.float32, [4, 3]), name="y")
    path.write_bytes(graph.as_graph_def().SerializeToString())


def _onnx(folder: Path) -> dict[str, Path]:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.arange(600, dtype=np.float32).reshape(200, 3)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 200])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, producer_name="tests")
    onnx.save(model, folder / "m.onnx")
    onnx.save(
        model, folder / "split.onnx", save_as_external_data=True, location="w.bin",
        size_threshold=0,
    )  # fmt: skip
    with zipfile.ZipFile(folder / "split.zip", "w") as archive:
        archive.write(folder / "split.onnx", "split.onnx")
        archive.write(folder / "w.bin", "w.bin")
    np.savez(folder / "samples.npz", x=np.zeros((5, 4), np.float32), y=np.ones((5,), np.int64))
    (folder / "m.tflite").write_bytes(b"\x1c\x00\x00\x00TFL3" + bytes(100))
    return {
        "onnx": folder / "m.onnx",
        "onnx_zip": folder / "split.zip",
        "npz": folder / "samples.npz",
        "tflite_head": folder / "m.tflite",
    }


if __name__ == "__main__":
    import json
    import sys

    written = write_all(Path(sys.argv[1]))
    sys.stdout.write(json.dumps({kind: str(path) for kind, path in written.items()}))
