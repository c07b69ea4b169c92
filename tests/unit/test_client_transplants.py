"""Transplants as the SDK and the command line ask for them, and show what became of them."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelferry import Modelferry, errors, folders, sources
from modelferry.cli.app import run
from modelferry.cli.options import mapping_from
from modelferry.transplants import is_id, wished
from modelferry.types import Target
from tests.support import answers
from tests.support.shaky import Reply, Shaky

ID = "6f1c2b0a-0f3e-4c61-9b70-1d2f3a4b5c6d"
FILE = "mapping: 1\nfrom: tensorflow\nto: pytorch\nrules: []\n"
REPORT = {
    "complete": False,
    "mapped": 1,
    "open": 1,
    "least_confidence": 0.8,
    "target": [
        {
            "name": "fc.weight",
            "shape": [3, 4],
            "dtype": "float32",
            "from": ["dense/kernel"],
            "how": "transposed (1, 0)",
            "confidence": 0.8,
            "because": "its name",
        },
        {"name": "fc.bias", "shape": [3], "dtype": "float32", "why": "asked", "meant": False},
        {"name": "out.bias", "shape": [7], "dtype": "float32", "why": "no such", "meant": False},
    ],
    "source": [
        {"name": "dense/kernel", "shape": [4, 3], "dtype": "float32", "to": ["fc.weight"]},
        {"name": "iterations", "shape": [], "dtype": "int64", "why": "a counter", "meant": True},
    ],
    "questions": [{"targets": ["fc.bias"], "sources": ["a", "b"], "why": "both are [alike]"}],
    "notes": ["Weights were read channels last."],
}
TRANSPLANT = answers.step(
    id="s2", route=0, kind="convert", report={"mapping": REPORT, "mapping_file": FILE}
)
Said = pytest.CaptureFixture[str]


@pytest.fixture
def shaky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shaky]:
    with Shaky() as server:
        monkeypatch.setenv("MODELFERRY_URL", server.url)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        upload = {
            "id": "u1",
            "name": "model",
            "size": 3,
            "part_size": 65536,
            "state": "open",
            "parts": [],
            "model_id": None,
            "expires_at": answers.MOMENT,
        }
        server.always("POST", "/v1/uploads", Reply(201, upload))
        server.always("PUT", "/v1/uploads/u1/parts/1", Reply(200, {}))
        uploaded = [Reply(201, answers.model(id=name)) for name in ("source", "template")]
        server.once("POST", "/v1/uploads/u1/complete", *uploaded)
        server.always("POST", "/v1/jobs", Reply(201, {"jobs": [answers.job("queued")]}))
        ends_as(server, "succeeded")
        yield server


def ends_as(shaky: Shaky, state: str, **more: Any) -> None:
    shaky.always("GET", "/v1/jobs/j1", Reply(200, answers.job(state, **more)))


def fails(shaky: Shaky, code: str = "ambiguous_mapping") -> None:
    failed = {**TRANSPLANT, "state": "failed", "fault": answers.fault(code)}
    ends_as(shaky, "failed", error=answers.fault(code), steps=[answers.step(), failed])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    weights, template = tmp_path / "weights.pt", tmp_path / "model.pt2"
    weights.write_bytes(b"abc")
    template.write_bytes(b"def")
    return weights, template


def asked(shaky: Shaky) -> dict[str, Any]:
    options: dict[str, Any] = json.loads(shaky.seen("POST", "/v1/jobs")[0].body)["targets"][0][
        "options"
    ]
    return options


def test_a_template_is_sent_and_named(shaky: Shaky, files: tuple[Path, Path]) -> None:
    weights, template = files
    with Modelferry() as ferry:
        ferry.convert(weights, "onnx", template=template, options={"opset": 18})
    assert asked(shaky) == {"opset": 18, "template": "template"}


def test_a_template_that_is_there_is_not_sent(shaky: Shaky, files: tuple[Path, Path]) -> None:
    with Modelferry() as ferry:
        ferry.convert(files[0], "onnx", template=ID, mapping="bert")
    assert asked(shaky) == {"template": ID, "mapping": "bert"}
    assert len(shaky.seen("POST", "/v1/uploads")) == 1


def test_a_mapping_files_text_is_what_is_sent(shaky: Shaky, files: tuple[Path, Path]) -> None:
    path = files[0].with_suffix(".yaml")
    path.write_text(FILE)
    with Modelferry() as ferry:
        ferry.convert(files[0], "onnx", template=ID, mapping=path)
    assert asked(shaky)["mapping"] == FILE


def test_what_a_template_is_given_twice_for() -> None:
    with pytest.raises(errors.Misuse, match="twice"):
        wished({"template": ID}, ID, None)
    assert wished({"opset": 1}, None, None) == {"opset": 1}


def test_a_mapping_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "none.yaml", tmp_path, tmp_path / "binary.yaml"):
        with pytest.raises(errors.Misuse) as caught:
            wished(None, None, path)
        assert caught.value.field == "mapping"


def test_an_id_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_id(ID)
    assert not is_id("model.pt2")
    (tmp_path / ID).touch()
    assert not is_id(ID)


def test_a_family_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert mapping_from(None) is None
    assert mapping_from("bert") == "bert"
    assert mapping_from("there.yaml") == Path("there.yaml")
    assert mapping_from("maps/bert") == Path("maps/bert")
    Path("bert").mkdir()  # the model's own folder is no mapping file
    assert mapping_from("bert") == "bert"
    Path("mine").write_text(FILE, "utf-8")
    assert mapping_from("mine") == Path("mine")


def test_a_failed_jobs_mapping_is_at_hand(shaky: Shaky) -> None:
    fails(shaky)
    with Modelferry() as ferry:
        job = ferry.job("j1")
        with pytest.raises(errors.AmbiguousMapping, match="modelferry mapping j1 -o"):
            job.wait()
    assert job.mapping == REPORT
    assert job.mapping_file == FILE


def test_a_job_without_a_transplant_has_no_mapping(shaky: Shaky, capsys: Said) -> None:
    with Modelferry() as ferry:
        job = ferry.job("j1")
    assert (job.mapping, job.mapping_file) == (None, None)
    assert run(["mapping", "j1"]) == 3
    assert "transplanted nothing" in capsys.readouterr().err


def test_the_mapping_of_an_earlier_round_is_not_shown(shaky: Shaky) -> None:
    ends_as(shaky, "succeeded", round=1, steps=[TRANSPLANT])
    with Modelferry() as ferry:
        assert ferry.job("j1").mapping is None


def test_what_is_open_is_shown_in_short(
    shaky: Shaky, files: tuple[Path, Path], capsys: Said
) -> None:
    fails(shaky)
    line = ["convert", str(files[0]), "--to", "onnx", "--template", str(files[1])]
    assert run(line) == 3
    told = capsys.readouterr().err
    assert "which? fc.bias from a, b: both are [alike]" in told
    assert "unmapped, of the target: out.bias [7]: no such" in told
    assert "iterations" not in told
    assert told.count("fc.bias") == 1
    assert "modelferry mapping j1 -o mapping.yaml" in told
    assert asked(shaky) == {"template": "template"}


def test_a_mapping_is_a_table_and_a_file(shaky: Shaky, tmp_path: Path, capsys: Said) -> None:
    fails(shaky)
    assert run(["mapping", "j1"]) == 0
    told = capsys.readouterr().out
    for part in ("fc.weight  dense/kernel  transposed (1, 0)  0.80", "iterations []: a counter"):
        assert part in told
    assert "Not complete: 1 variables mapped, 1 left over, 1 questions." in told
    path = tmp_path / "draft.yaml"
    assert run(["mapping", "j1", "-o", str(path)]) == 0
    assert path.read_text() == FILE
    assert run(["mapping", "j1", "-o", str(path)]) == 2
    assert run(["mapping", "j1", "-o", str(path), "--force"]) == 0
    capsys.readouterr()
    assert run(["mapping", "j1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "mapping": REPORT,
        "mapping_file": FILE,
        "path": None,
    }


def test_compared_weights_are_not_called_verified(
    shaky: Shaky, files: tuple[Path, Path], capsys: Said
) -> None:
    ends_as(shaky, "succeeded", proof="weights_compared", unverified="Weights cannot be run.")
    line = ["convert", str(files[0]), "--to", "onnx", "--template", ID]
    assert run(line) == 0
    told = capsys.readouterr().out
    assert "Every variable compared, not run: Weights cannot be run." in told
    assert "From there on verified: largest error 1.5e-07 over 2 inputs." in told
    assert run([*line, "--require-verified"]) == 5
    assert "compared every variable" in capsys.readouterr().err
    assert run(["job", "j1"]) == 0
    assert "weights compared" in capsys.readouterr().out


def test_an_options_mapping_file_takes_one_line(shaky: Shaky, capsys: Said) -> None:
    ends_as(shaky, "succeeded", options={"mapping": FILE, "template": ID})
    assert run(["job", "j1"]) == 0
    assert f"options: mapping=(a file), template={ID}" in capsys.readouterr().out


def test_a_target_carries_them_as_options(shaky: Shaky) -> None:
    with Modelferry() as ferry:
        ferry.submit("m1", Target("onnx", {"template": ID}))
    assert asked(shaky) == {"template": ID}


def laid(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (
            ["config.json", "model.safetensors", "tokenizer.json", "pytorch_model.bin"],
            ["config.json", "model.safetensors", "tokenizer.json"],
        ),
        (
            ["config.json", "model.safetensors.index.json", ".git/HEAD", "onnx/model.onnx"],
            ["config.json", "model.safetensors.index.json"],
        ),
        (
            ["model.py", "weights/a.pt", "__pycache__/model.pyc", ".env"],
            ["model.py", "weights/a.pt"],
        ),
        (
            ["m.ckpt.index", "m.ckpt.data-00000-of-00001", "m.ckpt.meta", "checkpoint", "events"],
            ["m.ckpt.data-00000-of-00001", "m.ckpt.index"],
        ),
        (
            ["a-1-of-2.safetensors", "a-2-of-2.safetensors", "a.safetensors.index.json", "x.bin"],
            ["a-1-of-2.safetensors", "a-2-of-2.safetensors", "a.safetensors.index.json"],
        ),
        (
            ["saved_model.pb", "variables/variables.index", "variables/variables.data-0", ".DS"],
            ["saved_model.pb", "variables/variables.data-0", "variables/variables.index"],
        ),
        (["m.onnx", "weights/m.data"], ["m.onnx", "weights/m.data"]),
    ],
)
def test_which_files_of_a_folder_are_the_model(
    tmp_path: Path, there: list[str], taken: list[str]
) -> None:
    folder = laid(tmp_path / "model", *there)
    with sources.opened(folder) as source, zipfile.ZipFile(source.path) as archive:
        assert source.name == "model.zip"
        assert archive.namelist() == taken
        assert all(archive.read(name) == name.encode() for name in taken)


def test_a_checkpoint_is_named_by_its_prefix(tmp_path: Path) -> None:
    laid(
        tmp_path, "m-1.index", "m-1.data-00000-of-00001", "m-10.index", "m-10.data-0", "lone.index"
    )
    for name in ("m-1", "m-1.index"):
        with sources.opened(tmp_path / name) as source, zipfile.ZipFile(source.path) as archive:
            assert source.name == "m-1.zip"
            assert archive.namelist() == ["m-1.data-00000-of-00001", "m-1.index"]
    for name in ("lone", "m-2", "m"):
        with (
            pytest.raises(errors.Misuse, match="no file or folder"),
            sources.opened(tmp_path / name),
        ):
            pass
    with pytest.raises(errors.Misuse, match=r"2 checkpoints.*m-10"):
        folders.chosen(tmp_path)


def test_links_of_a_cache_are_followed(tmp_path: Path) -> None:
    laid(tmp_path / "blobs", "1", "2")
    folder = tmp_path / "snapshot"
    folder.mkdir()
    (folder / "config.json").symlink_to("../blobs/1")
    (folder / "model.safetensors").symlink_to("../blobs/2")
    assert [each.read_bytes() for each in folders.chosen(folder)] == [b"1", b"2"]


def test_pickles_of_a_model_folder_are_refused_before_they_are_sent(tmp_path: Path) -> None:
    laid(tmp_path, "config.json", "pytorch_model.bin")
    with pytest.raises(errors.Misuse, match="save_pretrained"):
        folders.chosen(tmp_path)
