"""No module imports a heavy framework: only function bodies do."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

HEAVY = (
    "torch",
    "tensorflow",
    "keras",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "onnxslim",
    "tf2onnx",
    "h5py",
    "tensorrt",
    "tensorrt_rtx",
    "tensorrt_bindings",
    "tritonclient",
    "pynvml",
    "openvino",
    "coremltools",
    "ai_edge_litert",
    "litert_torch",
    "transformers",
    "safetensors",
    "sklearn",
    "skops",
    "skl2onnx",
    "onnxconverter_common",
    "xgboost",
    "lightgbm",
    "scipy",
)

IMPORTERS = ("workers.onnx_torch", "workers.onnx_tensorflow")
"""Rooms of operators in native torch and TensorFlow: only function bodies lead into them."""

PROGRAM = f"""
import importlib, json, pkgutil, sys

IMPORTERS = {IMPORTERS!r}

def walk(name):
    module = importlib.import_module(name)
    yield name
    if name in IMPORTERS:
        return
    for found in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{{name}}."):
        if not found.name.endswith("__main__"):
            yield from walk(found.name)

names = [each for root in ("api", "workers", "shared", "modelferry") for each in walk(root)]
print(json.dumps([names, sorted(sys.modules)]))
"""


def test_importing_everything_imports_no_framework():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    names, loaded = json.loads(done.stdout.splitlines()[-1])
    assert "workers.converters.pt2_to_onnx" in names
    assert not {each for each in loaded if each.partition(".")[0] in HEAVY}
