"""Folders and weights as their owners have them, converted on one machine."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.converters.hugging_nets import saved
from tests.support.yard import ROOT

PACKAGE = (
    "import torch\nfrom layers import Net\n\n\n"
    "def build():\n    return Net()\n\n\n"
    "def example_inputs():\n    return torch.randn(1, 4)\n"
)
LAYERS = (
    "from torch import nn\n\n\n"
    "class Net(nn.Sequential):\n"
    "    def __init__(self):\n"
    "        super().__init__(nn.Linear(4, 3), nn.Tanh())\n"
)


def converted(
    source: Path, to: str, out: Path, *more: str | Path, proof: str = "verified"
) -> dict[str, Any]:
    command = (sys.executable, "-m", "workers.convert", source, "--to", to, "--out", out, *more)
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False
    )
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0, (report, done.stderr)
    assert (report["state"], report["proof"]) == ("succeeded", proof)
    return report


def test_a_model_folder_becomes_a_saved_model(tmp_path: Path) -> None:
    folder = saved("vit", tmp_path / "vit")
    report = converted(folder, "savedmodel", tmp_path / "saved")
    assert report["source"]["format"] == "huggingface"
    assert report["verification"]["verified"]
    import tensorflow as tf
    import torch
    import transformers

    pictures = np.random.default_rng(2).normal(size=(3, 3, 32, 32)).astype("float32")
    served = tf.saved_model.load(tmp_path / "saved").signatures["serving_default"]
    given = served(pixel_values=tf.constant(pictures))["logits"].numpy()
    net = transformers.ViTForImageClassification.from_pretrained(folder, local_files_only=True)
    with torch.no_grad():
        wanted = net.eval()(torch.from_numpy(pictures)).logits.numpy()
    assert np.abs(given - wanted).max() < 1e-4


def test_a_package_s_folder_becomes_onnx(tmp_path: Path) -> None:
    import onnxruntime
    import torch

    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "model.py").write_text(PACKAGE)
    (folder / "layers.py").write_text(LAYERS)
    held = {"0.weight": torch.randn(3, 4), "0.bias": torch.randn(3)}
    torch.save(held, folder / "net.pth")
    report = converted(folder, "onnx", tmp_path / "net.onnx")
    assert report["source"]["format"] == "pytorch"
    session = onnxruntime.InferenceSession(
        tmp_path / "net.onnx", providers=["CPUExecutionProvider"]
    )
    x = np.random.default_rng(2).normal(size=(7, 4)).astype("float32")
    (given,) = session.run(None, {session.get_inputs()[0].name: x})
    wanted = np.tanh(x @ held["0.weight"].numpy().T + held["0.bias"].numpy())
    assert np.abs(given - wanted).max() < 1e-5


def test_a_state_dict_reaches_onnx_by_a_template(tmp_path: Path) -> None:
    """The answers are those of the weights that were sent, and not of the template's own."""
    import onnxruntime
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh()).eval()
    batch = torch.export.Dim("batch")
    program = torch.export.export(net, (torch.randn(2, 4),), dynamic_shapes=({0: batch},))
    torch.export.save(program, tmp_path / "template.pt2")
    held = {"0.weight": torch.randn(3, 4), "0.bias": torch.randn(3)}
    torch.save({f"module.{name}": each for name, each in held.items()}, tmp_path / "net.pth")
    into = ("--template", tmp_path / "template.pt2")
    out = tmp_path / "net.onnx"
    report = converted(tmp_path / "net.pth", "onnx", out, *into, proof="weights_compared")
    assert report["verification"]["verified"]
    session = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(2).normal(size=(7, 4)).astype("float32")
    (given,) = session.run(None, {session.get_inputs()[0].name: x})
    wanted = np.tanh(x @ held["0.weight"].numpy().T + held["0.bias"].numpy())
    assert np.abs(given - wanted).max() < 1e-5
