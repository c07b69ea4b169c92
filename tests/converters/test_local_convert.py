"""`python -m workers.convert`: whole plans in a process of their own, without any service."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.yard import PLUGIN, ROOT, until
from workers.processes import descendants

SERVICE = ("MODELFERRY_DATABASE_URL", "MODELFERRY_BROKER_URL", "MODELFERRY_STORE_URL")
ENOUGH = 300.0  # seconds; a bound against hanging, not a measurement


@dataclass(frozen=True)
class Said:
    status: int
    report: dict[str, Any]
    errors: str

    @property
    def code(self) -> str:
        code: str = self.report["error"]["code"]
        return code


@dataclass(frozen=True)
class Console:
    """A folder to write to, and a temporary folder that is watched."""

    folder: Path

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    def command(self, *arguments: object) -> dict[str, Any]:
        self.temporary.mkdir(exist_ok=True)
        bare = {name: value for name, value in os.environ.items() if name not in SERVICE}
        paths = os.pathsep.join((str(ROOT), str(PLUGIN)))
        return {
            "args": (sys.executable, "-m", "workers.convert", *map(str, arguments)),
            "env": bare | {"PYTHONPATH": paths, "TMPDIR": str(self.temporary)},
            "cwd": self.folder,
            "text": True,
        }

    def convert(self, source: Path, to: str, out: str, *more: object) -> Said:
        command = self.command(source, "--to", to, "--out", self.folder / out, *more)
        done = subprocess.run(**command, capture_output=True, timeout=ENOUGH, check=False)
        report = json.loads(done.stdout) if done.stdout else {}
        assert list(self.temporary.iterdir()) == [], "nothing is left behind"
        return Said(done.returncode, report, done.stderr)


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(tmp_path)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small model in each format that is a source."""
    import keras
    import onnx
    import torch

    folder = tmp_path_factory.mktemp("zoo")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="tanh")])
    model.save(folder / "m.keras")
    model.save(folder / "m.h5")
    model.export(folder / "saved", verbose=False)
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh()).eval()
    batch = torch.export.Dim("batch", min=1, max=64)
    given = (torch.zeros(2, 4),)
    program = torch.export.export(net, given, dynamic_shapes=({0: batch},))
    torch.export.save(program, folder / "m.pt2")
    torch.jit.save(torch.jit.trace(net, given), folder / "m.pt")
    torch.onnx.export(net, given, folder / "m.onnx", dynamo=False, input_names=["x"])
    inside = folder / "external"
    inside.mkdir()
    onnx.save(
        onnx.load(folder / "m.onnx"),
        inside / "big.onnx",
        save_as_external_data=True,
        location="big.data",
        size_threshold=0,
    )
    return folder


def run(path: Path) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: np.ones((2, 4), "float32")})


@pytest.mark.parametrize("name", ["m.keras", "m.pt2", "saved", "m.h5", "m.pt"])
def test_every_source_becomes_onnx_and_is_verified(console: Console, zoo: Path, name: str) -> None:
    said = console.convert(zoo / name, "onnx", "out.onnx")
    assert said.status == 0, said
    assert said.report["state"] == "succeeded"
    assert said.report["proof"] == "verified"
    output = said.report["output"]
    content = (console.folder / "out.onnx").read_bytes()
    assert output["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert output["size"] == len(content)
    assert [each["state"] for each in said.report["steps"]] == ["done"] * 3
    assert all(each["peak_memory"] > 0 for each in said.report["steps"])
    assert said.report["verification"]["verified"]
    assert "verify onnx" in said.errors
    assert np.shape(run(console.folder / "out.onnx")[0]) == (2, 3)


def test_weights_go_into_a_template(console: Console, zoo: Path) -> None:
    into = ("--template", zoo / "m.pt2")
    said = console.convert(zoo / "m.keras", "pt2", "out.pt2", *into)
    assert (said.status, said.report["proof"]) == (0, "verified"), said.errors
    assert said.report["mapping"]["complete"]
    mapping = console.folder / "mine.yaml"
    mapping.write_text(said.report["mapping_file"])
    again = console.convert(zoo / "m.keras", "pt2", "b.pt2", *into, "--mapping", mapping)
    assert (again.status, again.report["proof"]) == (0, "verified"), again.errors


def test_a_template_of_another_architecture(console: Console, zoo: Path) -> None:
    import torch

    weights = console.folder / "weights.pt"
    torch.save({"weight": torch.zeros(5, 6), "bias": torch.zeros(5)}, weights)
    said = console.convert(weights, "pt2", "out.pt2", "--template", zoo / "m.pt2")
    assert (said.status, said.code) == (1, "unmapped_weights")
    assert not said.report["mapping"]["complete"]
    assert "weight" in said.report["mapping_file"]
    assert not (console.folder / "out.pt2").exists()


def test_data_beside_a_model_goes_with_it(console: Console, zoo: Path) -> None:
    said = console.convert(
        zoo / "external" / "big.onnx", "onnx", "slim.onnx", "--option", "simplify=true"
    )
    assert (said.status, said.report["route"]) == (0, "onnx-simplify"), said
    assert run(console.folder / "slim.onnx")


def test_a_precision_is_verified_as_such(console: Console, zoo: Path) -> None:
    said = console.convert(zoo / "m.onnx", "onnx", "half.onnx", "--option", "precision=fp16")
    assert (said.status, said.report["proof"]) == (0, "verified"), said
    assert said.report["route"] == "onnx-to-fp16"


def test_samples_are_the_inputs_of_the_proof(console: Console, zoo: Path) -> None:
    np.savez(console.folder / "s.npz", x=np.ones((2, 4), "float32"))
    simplify = ("--option", "simplify=true", "--samples", console.folder / "s.npz")
    said = console.convert(zoo / "m.onnx", "onnx", "a.onnx", *simplify)
    assert said.report["verification"]["inputs"] == "samples"
    np.savez(console.folder / "s.npz", y=np.ones((2, 4), "float32"))
    said = console.convert(zoo / "m.onnx", "onnx", "b.onnx", *simplify)
    assert (said.status, said.code) == (1, "bad_samples")
    assert said.report["steps"][0]["fault"]["code"] == "bad_samples"
    assert not (console.folder / "b.onnx").exists()


def test_steps_are_kept_to_be_replayed(console: Console, zoo: Path) -> None:
    kept = console.folder / "kept"
    said = console.convert(
        zoo / "m.onnx", "onnx", "a.onnx", "--option", "simplify=true", "--keep", kept
    )
    assert said.status == 0, said
    assert [each.name for each in kept.iterdir()] == ["steps"]
    folders = sorted(each.name for each in (kept / "steps").iterdir())
    assert folders == ["1-inspect", "2-convert", "3-verify"]
    assert all((kept / "steps" / each / "order.json").is_file() for each in folders)
    again = subprocess.run(
        (sys.executable, "-m", "workers.child", kept / "steps" / "3-verify"), cwd=ROOT, check=True
    )
    assert again.returncode == 0


def test_what_is_no_model(console: Console) -> None:
    source = console.folder / "model.onnx"
    source.write_bytes(b"")
    said = console.convert(source, "onnx", "out.onnx")
    assert (said.status, said.report["state"], said.code) == (1, "failed", "empty_file")


@pytest.mark.parametrize(
    ("told", "code", "words"),
    [
        ("odd", "unknown_target", "odd"),
        ("onnx --option colour=1", "invalid_options", "colour"),
        ("onnx --option precision=NaN", "invalid_options", "'NaN'"),
    ],
)
def test_what_cannot_be_planned(
    console: Console, zoo: Path, told: str, code: str, words: str
) -> None:
    to, *more = told.split()
    said = console.convert(zoo / "m.onnx", to, "out", *more)
    assert (said.status, said.code) == (1, code)
    assert words in said.report["error"]["detail"]


def test_what_is_there_stays_unless_it_is_forced(console: Console, zoo: Path) -> None:
    out = console.folder / "out.onnx"
    out.write_text("mine")
    simplify = ("--option", "simplify=true")
    assert console.convert(zoo / "m.onnx", "onnx", "out.onnx", *simplify).status == 2
    assert out.read_text() == "mine"
    assert console.convert(zoo / "m.onnx", "onnx", "out.onnx", *simplify, "--force").status == 0
    assert run(out)
    assert sorted(each.name for each in console.folder.iterdir()) == ["out.onnx", "tmp"]


def tricks(console: Console, zoo: Path, first: str) -> dict[str, Any]:
    options = {"trick": "true", "first": first, "marker": json.dumps(str(console.folder / "mark"))}
    told = [word for pair in options.items() for word in ("--option", "=".join(pair))]
    return console.command(
        zoo / "m.onnx", "--to", "onnx", "--out", console.folder / "out.onnx", *told
    )


def test_a_child_that_dies_is_tried_again(console: Console, zoo: Path) -> None:
    done = subprocess.run(
        **tricks(console, zoo, "crash"), capture_output=True, timeout=ENOUGH, check=False
    )
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout)["steps"]
    assert [each["attempts"] for each in steps] == [1, 2, 1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_no_process_and_no_file(
    console: Console, zoo: Path, number: signal.Signals
) -> None:
    mark = console.folder / "mark"
    with subprocess.Popen(
        **tricks(console, zoo, "hang"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        until(lambda: mark.exists() and mark.read_text(), ENOUGH)
        kin = set(descendants(process.pid))
        assert int(mark.read_text()) in kin
        process.send_signal(number)
        out, _ = process.communicate(timeout=ENOUGH)
    assert process.returncode == 130
    report = json.loads(out)
    assert report["state"] == "cancelled"
    assert [each["state"] for each in report["steps"]] == ["done", "cancelled", "cancelled"]
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in kin), ENOUGH)
    assert list(console.temporary.iterdir()) == []
    assert not (console.folder / "out.onnx").exists()


def test_a_killed_one_takes_its_children_along(console: Console, zoo: Path) -> None:
    mark = console.folder / "mark"
    with subprocess.Popen(
        **tricks(console, zoo, "hang"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        until(lambda: mark.exists() and mark.read_text(), ENOUGH)
        kin = set(descendants(process.pid))
        process.kill()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in kin), ENOUGH)


@pytest.mark.parametrize("name", ["m.keras", "m.pt2", "m.onnx"])
def test_an_engine_is_built_and_its_manifest_lies_beside_it(
    console: Console, zoo: Path, name: str
) -> None:
    said = console.convert(zoo / name, "tensorrt-rtx", "m.engine")
    assert said.status == 0, said
    report = said.report
    assert report["coverage"]["supported"]
    manifest = json.loads((console.folder / "m.engine.json").read_text())
    assert manifest == report["engine"]["manifest"]
    content = (console.folder / "m.engine").read_bytes()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert digest == manifest["digest"] == report["output"]["digest"]
    assert report["engine"]["model"] == report["source"]["digest"]
    assert report["output"]["manifest"] == str(console.folder / "m.engine.json")
    assert report["build"]["seconds"] > 0
    if report["proof"] == "converted_not_verified":
        assert report["engine"]["verification"] is None
        assert "nothing ran the engine" in report["unverified"]
    kinds = [each["kind"] for each in report["steps"]]
    assert kinds.index("check") < len(kinds) - 1 - kinds[::-1].index("convert")


def test_a_manifest_of_another_engine_is_not_overwritten(console: Console, zoo: Path) -> None:
    (console.folder / "m.engine.json").write_text("mine")
    said = console.convert(zoo / "m.onnx", "tensorrt-rtx", "m.engine")
    assert said.status == 2
    assert "m.engine.json" in said.errors
    said = console.convert(zoo / "m.onnx", "tensorrt-rtx", "m.zip")
    assert said.status == 0, said
    with zipfile.ZipFile(console.folder / "m.zip") as archive:
        assert sorted(archive.namelist()) == ["manifest.json", "model.engine"]


def test_a_repository_is_a_folder(console: Console, zoo: Path) -> None:
    said = console.convert(zoo / "m.onnx", "triton", "models")
    assert (said.status, said.report["proof"]) == (0, "verified"), said
    assert list((console.folder / "models").glob("*/config.pbtxt"))
    include = ("--option", 'include=["job"]')
    assert console.convert(zoo / "m.onnx", "triton", "more", *include).code == "invalid_options"


def test_calibration_wants_samples(console: Console, zoo: Path) -> None:
    asked = ("--option", "precision=int8")
    assert console.convert(zoo / "m.onnx", "onnx", "a.onnx", *asked).code == "samples_required"
    rng = np.random.default_rng(3)
    arrays = rng.normal(size=(64, 4)).astype("float32")
    np.savez(console.folder / "s.npz", x=arrays)
    samples = ("--samples", console.folder / "s.npz")
    said = console.convert(zoo / "m.onnx", "onnx", "a.onnx", *asked, *samples)
    assert (said.status, said.report["proof"]) == (0, "verified"), said


def test_what_a_machine_without_a_gpu_lacks_is_said(console: Console, zoo: Path) -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("there is a GPU here")
    said = console.convert(zoo / "m.onnx", "tensorrt", "m.engine")
    assert (said.status, said.code) == (1, "no_route")
    assert "The NVIDIA driver is not there" in said.report["error"]["detail"]
    said = console.convert(zoo / "m.onnx", "keras", "m.keras")
    assert "NVIDIA" not in said.report["error"]["detail"]
