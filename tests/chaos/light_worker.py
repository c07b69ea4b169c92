"""`python -m workers` with less to preload: what an ONNX graph needs."""

import sys

from shared.settings import load
from shared.telemetry import configure
from workers.app import run

if __name__ == "__main__":
    settings = load()
    configure("info", "console")
    sys.exit(run(settings, preload=("numpy", "onnx", "onnxruntime")))
