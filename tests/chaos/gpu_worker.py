"""A light worker whose GPUs are only said to be there: `python gpu_worker.py GPUS_AS_JSON`."""

import sys

from pydantic import TypeAdapter

from shared.domain.gpus import Gpu
from shared.settings import load
from shared.telemetry import configure
from workers.app import run

if __name__ == "__main__":
    gpus = TypeAdapter(tuple[Gpu, ...]).validate_json(sys.argv[1])
    settings = load()
    configure("info", "console")
    sys.exit(run(settings, preload=(), gpus=gpus))
