"""Engines in the client: unpacked safely, described, asked about."""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelferry import Modelferry, errors
from modelferry.engines import described
from modelferry.job import Job
from modelferry.types import EngineView, Manifest, Target
from modelferry.wire import read
from tests.support import answers
from tests.support.shaky import Reply, Shaky

ENGINE = os.urandom(300_000)
PLACE = {"runs": None, "reasons": [], "unknown": [{"code": "driver", "sentence": "It is."}]}


def packed(engine: bytes = ENGINE, manifest: Any = None, **more: bytes) -> bytes:
    """The same bytes at every call: a bare ZipInfo has no time of day."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr(zipfile.ZipInfo("model.engine"), engine)
        told = answers.manifest(ENGINE) if manifest is None else manifest
        archive.writestr(zipfile.ZipInfo("manifest.json"), json.dumps(told))
        for name, content in more.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return kept.getvalue()


def spoiled(where: int) -> bytes:
    """A zip with a byte changed, counted from where its first member begins."""
    content = bytearray(squeezed())
    content[where] ^= 0xFF
    return bytes(content)


def squeezed(compression: int = zipfile.ZIP_DEFLATED, manifest: str | None = None) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", compression) as archive:
        archive.writestr("model.engine", ENGINE)
        archive.writestr("manifest.json", manifest or json.dumps(answers.manifest(ENGINE)))
    return kept.getvalue()


def encrypted() -> bytes:
    """The flags say so, of both members, in both of their places."""
    content = bytearray(packed())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        while place >= 0:
            content[place + flags] |= 1
            place = content.find(mark, place + 1)
    return bytes(content)


def serve(shaky: Shaky, content: bytes, format: str = "tensorrt-rtx") -> None:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    output = answers.output(digest, len(content), "digits.zip") | {"format": format}
    job = answers.job(output=output, engine=answers.engine(ENGINE))
    shaky.always("GET", "/v1/jobs/j1", Reply(200, job))
    shaky.always("GET", f"/v1/artifacts/{digest}", Reply(200, content))


@pytest.fixture
def shaky() -> Iterator[Shaky]:
    with Shaky() as server:
        serve(server, packed())
        yield server


@pytest.fixture
def ferry(shaky: Shaky) -> Iterator[Modelferry]:
    with Modelferry(shaky.url, patience=5) as client:
        yield client


@pytest.fixture
def job(ferry: Modelferry) -> Job:
    return ferry.job("j1")


def left_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_an_engine_is_unpacked_with_its_story_beside_it(job: Job, tmp_path: Path) -> None:
    path = job.download(tmp_path / "mine.engine")
    assert path == tmp_path / "mine.engine"
    assert path.read_bytes() == ENGINE
    told = json.loads((tmp_path / "mine.engine.json").read_text())
    assert told["manifest"]["library"] == "1.7.1"
    assert told["route"] == "pt2-to-onnx → onnx-to-tensorrt-rtx"
    assert left_in(tmp_path) == ["mine.engine", "mine.engine.json"]


def test_in_a_folder_it_has_the_models_name(job: Job, tmp_path: Path) -> None:
    assert job.download(tmp_path) == tmp_path / "digits.engine"
    assert left_in(tmp_path) == ["digits.engine", "digits.engine.json"]


def test_a_zip_is_given_as_it_is_stored(job: Job, tmp_path: Path) -> None:
    path = job.download(tmp_path / "kept.zip")
    assert path.read_bytes() == packed()
    assert left_in(tmp_path) == ["kept.zip"]


def test_another_tree_stays_a_zip(shaky: Shaky, ferry: Modelferry, tmp_path: Path) -> None:
    serve(shaky, packed(), "savedmodel")
    assert ferry.job("j1").download(tmp_path) == tmp_path / "digits.zip"


def test_what_the_manifest_says_beyond_this_client_is_kept(
    shaky: Shaky, ferry: Modelferry, tmp_path: Path
) -> None:
    serve(shaky, packed(manifest=answers.manifest(ENGINE) | {"colour": "blue"}))
    ferry.job("j1").download(tmp_path / "m.engine")
    assert json.loads((tmp_path / "m.engine.json").read_text())["manifest"]["colour"] == "blue"


def test_names_that_lead_elsewhere_are_never_written(
    shaky: Shaky, ferry: Modelferry, tmp_path: Path
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    serve(shaky, packed(**{"../evil": b"x", "/etc/evil": b"x", "model.engine.json": b"x"}))
    ferry.job("j1").download(inside / "m.engine")
    assert left_in(tmp_path) == ["inside"]
    assert left_in(inside) == ["m.engine", "m.engine.json"]
    assert json.loads((inside / "m.engine.json").read_text())["manifest"]


@pytest.mark.parametrize(
    "content",
    [
        packed(engine=ENGINE[:-1]),
        packed(engine=ENGINE + b"x"),
        packed(engine=ENGINE[:-1] + bytes([ENGINE[-1] ^ 1])),
        packed(manifest=[]),
        packed(manifest={"size": "many"}),
        packed(manifest=answers.manifest(ENGINE) | {"size": [1]}),
        packed(manifest=answers.manifest(ENGINE) | {"size": None}),
        squeezed(manifest='{"size": 1e999}'),
        squeezed(manifest="[" * 200_000),
        squeezed(zipfile.ZIP_BZIP2),
        spoiled(len("model.engine") + 30),
        encrypted(),
        b"no zip",
        packed()[:1000],
    ],
    ids=[
        "short",
        "long",
        "changed",
        "no object",
        "no digest",
        "a list of sizes",
        "no size",
        "endless",
        "deep",
        "bzip2",
        "no deflate",
        "encrypted",
        "no zip",
        "cut",
    ],
)
def test_a_zip_that_is_no_engines_leaves_what_was_there(
    shaky: Shaky, ferry: Modelferry, tmp_path: Path, content: bytes
) -> None:
    serve(shaky, content)
    (tmp_path / "m.engine").write_bytes(b"precious")
    with pytest.raises(errors.BadAnswer, match=r"ends in \.zip"):
        ferry.job("j1").download(tmp_path / "m.engine")
    assert left_in(tmp_path) == ["m.engine"]
    assert (tmp_path / "m.engine").read_bytes() == b"precious"


def test_an_engine_is_described_by_whatever_there_is_of_it(job: Job, tmp_path: Path) -> None:
    path = job.download(tmp_path / "m.engine")
    zipped = job.download(tmp_path / "m.zip")
    bare = tmp_path / "manifest.json"
    bare.write_text(json.dumps(answers.manifest(ENGINE)))
    for each in (path, tmp_path / "m.engine.json", zipped, bare, str(path)):
        assert described(each)["manifest"]["digest"] == answers.manifest(ENGINE)["digest"]
    told = read(EngineView, answers.engine(ENGINE))
    assert described(told) == described(told.manifest)
    assert read(Manifest, described(told)["manifest"]) == told.manifest
    assert described(job.view) == described("j1") == {"job_id": "j1"}


def test_a_file_that_is_no_manifest_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing")
    endless = tmp_path / "endless.json"
    endless.write_text('{"size": 1e999}')
    absent = ("absent.json", "folder/absent")
    for each in (path, endless, tmp_path / "absent", tmp_path / "alone.engine", *absent):
        with pytest.raises(errors.Misuse, match="no manifest"):
            described(each)


def test_compatibility_is_asked_with_what_is_known(shaky: Shaky, job: Job) -> None:
    shaky.always("POST", "/v1/engines/compatibility", Reply(200, PLACE))
    with Modelferry(shaky.url) as ferry:
        found = ferry.compatibility(job, gpu="RTX 4090", memory=1 << 30, library="1.7.1")
    assert found.runs is None
    assert [each.code for each in found.unknown] == ["driver"]
    assert json.loads(shaky.seen("POST", "/v1/engines/compatibility")[0].body) == {
        "job_id": "j1",
        "gpu": {"name": "RTX 4090", "memory": 1 << 30},
        "library": "1.7.1",
    }


def test_a_matrix_makes_a_list_of_jobs(shaky: Shaky, ferry: Modelferry) -> None:
    made = {"jobs": [answers.job("queued"), answers.job("queued")]}
    shaky.always("POST", "/v1/jobs", Reply(201, made))
    assert len(ferry.submit("m1", "tensorrt", matrix={"precision": ("fp16", "int8")})) == 2
    assert len(ferry.submit("m1", [Target("tensorrt", {}, {"gpu": ["L4", "H100"]})])) == 2
    sent = [json.loads(each.body)["targets"] for each in shaky.seen("POST", "/v1/jobs")]
    assert sent == [
        [{"format": "tensorrt", "options": {}, "matrix": {"precision": ["fp16", "int8"]}}],
        [{"format": "tensorrt", "options": {}, "matrix": {"gpu": ["L4", "H100"]}}],
    ]
    with pytest.raises(errors.Misuse, match="several jobs"):
        ferry.submit("m1", Target("tensorrt", {}, {"gpu": ["L4"]}))


def test_a_check_answers_with_the_coverage(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.always("POST", "/v1/models/m1/check", Reply(201, answers.job("queued")))
    told = answers.job(purpose="check", coverage=answers.coverage())
    shaky.always("GET", "/v1/jobs/j1", Reply(200, told))
    model = ferry.upload(answers.read_model())
    found = ferry.check(model, "tensorrt", options={"precision": "fp16"})
    assert not found.supported
    assert found.gaps[0].operator == "Det"
    sent = json.loads(shaky.seen("POST", "/v1/models/m1/check")[0].body)
    assert sent == {"target": {"format": "tensorrt", "options": {"precision": "fp16"}}}


def test_a_check_that_says_nothing_is_no_answer(shaky: Shaky, ferry: Modelferry) -> None:
    shaky.always("POST", "/v1/models/m1/check", Reply(201, answers.job("queued")))
    with pytest.raises(errors.BadAnswer):
        ferry.check(answers.read_model(), "tensorrt")


def test_jobs_are_compared_by_any_of_them(shaky: Shaky, ferry: Modelferry, job: Job) -> None:
    shaky.always("GET", "/v1/requests/r1", Reply(200, answers.request()))
    for each in (job, job.view, "r1"):
        found = ferry.compare(each)
        assert [row.options for row in found.jobs] == [
            {"precision": "fp16"},
            {"precision": "int8"},
        ]
