"""The command line, as a user types it, against the whole service."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelferry import export

ROOT = Path(__file__).parents[2]

Done = subprocess.CompletedProcess[str]
Type = Callable[..., Done]


@pytest.fixture
def typed(service: Any, tmp_path: Path) -> Type:
    """Run a command line; what it said and what it exited with."""
    env = {
        **os.environ,
        "MODELFERRY_URL": service.url,
        "MODELFERRY_TENANT": f"cli-{uuid.uuid4().hex[:8]}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
    }

    def run(*line: str) -> Done:
        command = [sys.executable, "-m", "modelferry", *line]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    return run


@pytest.fixture
def model(tmp_path: Path) -> str:
    import torch

    written = export.written(torch.nn.Linear(4, 3), tmp_path, example_inputs=torch.zeros(1, 4))
    return written.name


def test_a_model_is_converted_beside_its_source(typed: Type, model: str, tmp_path: Path) -> None:
    done = typed("convert", model, "--to", "onnx", "--opset", "18")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Verified: largest error")
    for line in ("uploading", "inspect pt2", "verify onnx against pt2", "downloading"):
        assert line in done.stderr
    results = list(tmp_path.glob("*.onnx"))
    assert len(results) == 1
    assert results[0].name in done.stdout
    again = typed("convert", model, "--to", "onnx", "-o", results[0].name)
    assert again.returncode == 2
    assert "--force" in again.stderr


def test_a_job_from_its_submission_to_its_result(typed: Type, model: str, tmp_path: Path) -> None:
    submitted = typed("convert", model, "--to", "onnx", "--detach", "--json")
    job = json.loads(submitted.stdout)["id"]
    logs = typed("logs", "-f", job)
    assert logs.returncode == 0, logs.stderr
    shown = json.loads(typed("job", job, "--json").stdout)
    assert shown["state"] == "succeeded"
    assert shown["report"]["proof"] == "verified"
    assert job in typed("jobs", "--state", "succeeded").stdout
    assert "Linear.pt2" in typed("models").stdout
    taken = typed("download", job, "-o", "mine.onnx", "--json")
    assert json.loads(taken.stdout)["verified"] is True
    assert (tmp_path / "mine.onnx").stat().st_size == shown["output"]["size"]
    late = typed("cancel", job, "--json")
    assert late.returncode == 3
    assert json.loads(late.stderr)["code"] == "job_ended"
    assert late.stdout == ""


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["--to", "onyx"], "unknown_target"),
        (["--to", "onnx", "--opset", "4000"], "invalid_options"),
        (["--to", "onnx", "--option", "colour=blue"], "invalid_options"),
    ],
)
def test_a_wrong_wish_is_the_users(typed: Type, model: str, line: list[str], code: str) -> None:
    done = typed("convert", model, *line, "--json")
    assert done.returncode == 3
    assert done.stdout == ""
    assert json.loads(done.stderr)["code"] == code


def test_a_file_that_is_no_model_is_the_users(typed: Type, tmp_path: Path) -> None:
    (tmp_path / "notes.keras").write_text("not a model")
    done = typed("convert", "notes.keras", "--to", "onnx")
    assert done.returncode == 3
    assert "\nError: The file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["routes", "formats", "converters", "workers", "models", "jobs"])
def test_what_there_is_can_be_listed(typed: Type, name: str) -> None:
    done = typed(name)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert isinstance(json.loads(typed(name, "--json").stdout), list)


def test_an_engine_is_checked_built_and_asked_about(
    typed: Type, model: str, tmp_path: Path
) -> None:
    checked = typed("check", model, "--to", "tensorrt-rtx")
    assert checked.returncode == 0, checked.stderr
    assert "Covered: tensorrt-rtx takes" in checked.stdout
    built = typed("convert", model, "--to", "tensorrt-rtx", "-o", "mine.engine")
    assert built.returncode == 0, built.stderr
    assert "Converted, not verified" in built.stdout
    story = json.loads((tmp_path / "mine.engine.json").read_text())
    assert story["manifest"]["size"] == (tmp_path / "mine.engine").stat().st_size
    assert story["route"].endswith("onnx-to-tensorrt-rtx")
    library = story["manifest"]["library"]
    line = ["engine", "check", "mine.engine", "--gpu", "RTX 4090", "--memory", "24GiB"]
    line += ["--library", library, "--cuda", "13.0"]
    assert typed(*line, "--driver", "580.95.05").stdout.startswith("It runs")
    old = typed(*line, "--driver", "470.1")
    assert old.returncode == 7
    assert "driver_too_old" in old.stdout
    assert typed(*line).returncode == 8


def test_a_list_of_values_gives_a_file_for_each(typed: Type, model: str, tmp_path: Path) -> None:
    done = typed("convert", model, "--to", "onnx", "--each", "opset=17,18", "-o", "all", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert sorted(each.name for each in (tmp_path / "all").iterdir()) == [
        "Linear-17.onnx",
        "Linear-18.onnx",
    ]
    assert told["comparison"]["varied"] == ["opset"]
    compared = typed("compare", told["comparison"]["id"])
    assert compared.stdout.count("verified") == 2
