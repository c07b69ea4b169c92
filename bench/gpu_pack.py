"""Pack what a machine with a GPU and no network needs to run RTX engines against their sources.

    python -m bench.gpu_pack FOLDER [PYTHON_VERSION]

In the folder: `models/NAME` with the engine, its manifest and what its source answered;
`rtx` with the library; `site` with the few packages that this project needs there beside
PyTorch. `bench/gpu.sh` calls it.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.architectures import write
from shared.domain.archives import unpack
from workers.runtime import Runtime
from workers.runtimes.pt2 import Pt2Runtime
from workers.runtimes.tensorrt_rtx import TensorrtRtxRuntime
from workers.tensorrt_bridge.build import WHEELS, make
from workers.tensorrt_bridge.folder import BINDINGS
from workers.verification.cases import reference_runs
from workers.verification.fit import fit_of
from workers.verification.match import match

MODELS: Final = ("ResNet-18", "MobileNetV3 blocks", "Vision Transformer", "BERT", "WaveNet")
BESIDE: Final = (
    "annotated-types",
    "ml_dtypes",
    "nvidia-ml-py",
    "pydantic",
    "pydantic_core",
    "typing-inspection",
    "typing_extensions",
)
ROOT: Final = Path(__file__).resolve().parents[1]
LARGEST: Final = 1 << 32
CASES: Final = "cases.npz"


def main(folder: Path, python: str) -> None:
    """Fill the folder, which must not be there yet."""
    folder.mkdir(parents=True)
    make(folder / "rtx")
    _install(folder / "rtx" / BINDINGS, python, WHEELS[0])
    lock = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = [line for line in lock if line.partition("==")[0] in BESIDE]
    _install(folder / "site", python, *pinned)
    (folder / "models").mkdir()
    for name in MODELS:
        print(f"packing {name}", flush=True)
        _pack(name, folder / "models" / name.replace(" ", "-"))


def _install(target: Path, python: str, *packages: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade"]
    foreign = ["--python-version", python, "--only-binary=:all:", "--target", str(target)]
    subprocess.run([*command, *foreign, *packages], check=True)


def _pack(name: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        source, stored = Path(place) / "model.pt2", Path(place) / "engine.zip"
        write(name, source)
        command = [sys.executable, "-m", "workers.convert", str(source), "--to", "tensorrt-rtx"]
        subprocess.run(
            [*command, "--out", str(stored)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        unpack(stored, folder, LARGEST)
        _answer(Pt2Runtime(), source, folder)


def _answer(runtime: Runtime, source: Path, folder: Path) -> None:
    """Run the source at the shapes of the engine, and keep what went in and came out."""
    import numpy as np

    engine = TensorrtRtxRuntime()
    with runtime.open(source, {}) as session:
        fit = fit_of(engine, folder, session.signature)
        names = match(session.signature, engine.inspect(folder, {}).signature)
        runs, _ = reference_runs(session, session.signature, None, 0, lambda *_: None, fit=fit)
    kept = {}
    for number, run in enumerate(runs):
        for name, array in names.inputs(run.case.inputs).items():
            kept[f"{number}/in/{name}"] = array
        for name, array in run.outputs.items():
            kept[f"{number}/out/{names.gives[name]}"] = array
    np.savez(folder / CASES, allow_pickle=False, **kept)


if __name__ == "__main__":
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else here)
