"""Downloads that break off, that lie, and that are sent elsewhere."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelferry import Modelferry, errors
from modelferry.job import Job
from tests.support import answers
from tests.support.shaky import Answer, Asked, Reply, Shaky, problem

CONTENT = os.urandom(300_000)
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
WHERE = f"/v1/artifacts/{DIGEST}"


@pytest.fixture
def shaky() -> Iterator[Shaky]:
    with Shaky() as server:
        output = answers.output(DIGEST, len(CONTENT))
        server.always("GET", "/v1/jobs/j1", Reply(200, answers.job(output=output)))
        server.always("GET", WHERE, ranged)
        yield server


@pytest.fixture
def job(shaky: Shaky) -> Iterator[Job]:
    with Modelferry(shaky.url, patience=5) as ferry:
        yield ferry.job("j1")


def ranged(asked: Asked) -> Answer:
    start = int(asked.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    return Reply(206 if start else 200, CONTENT[start:])


def broken(length: int) -> Reply:
    return Reply(200, CONTENT[:length], promised=len(CONTENT))


def left_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_result_lies_under_its_own_name_in_a_folder(job: Job, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    path = job.download(tmp_path, progress=lambda *each: told.append(each))
    assert path == tmp_path / "model.onnx"
    assert path.read_bytes() == CONTENT
    assert told[-1] == ("downloading", len(CONTENT), len(CONTENT))
    assert left_in(tmp_path) == ["model.onnx"]


def test_a_broken_line_is_gone_on_from(shaky: Shaky, job: Job, tmp_path: Path) -> None:
    shaky.once("GET", WHERE, broken(100_000))
    path = job.download(tmp_path / "m.onnx")
    assert path.read_bytes() == CONTENT
    assert shaky.seen("GET", WHERE)[1].headers["Range"] == "bytes=100000-"


def test_a_later_call_goes_on_too(shaky: Shaky, tmp_path: Path) -> None:
    shaky.once("GET", WHERE, broken(100_000))
    with Modelferry(shaky.url, patience=0) as ferry, pytest.raises(errors.Passing):
        ferry.job("j1").download(tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()
    with Modelferry(shaky.url) as ferry:
        assert ferry.job("j1").download(tmp_path / "m.onnx").read_bytes() == CONTENT
    assert shaky.seen("GET", WHERE)[1].headers["Range"] == "bytes=100000-"
    assert left_in(tmp_path) == ["m.onnx"]


def test_a_server_without_ranges_is_read_from_the_start(
    shaky: Shaky, job: Job, tmp_path: Path
) -> None:
    shaky.once("GET", WHERE, broken(100_000), Reply(200, CONTENT))
    assert job.download(tmp_path / "m.onnx").read_bytes() == CONTENT


def test_other_bytes_never_replace_the_target(shaky: Shaky, job: Job, tmp_path: Path) -> None:
    shaky.always("GET", WHERE, Reply(200, b"x" * len(CONTENT)))
    target = tmp_path / "m.onnx"
    target.write_bytes(b"before")
    with pytest.raises(errors.CorruptDownload):
        job.download(target)
    assert target.read_bytes() == b"before"
    assert left_in(tmp_path) == ["m.onnx"]


def test_a_signed_url_is_followed(shaky: Shaky, job: Job, tmp_path: Path) -> None:
    with Shaky() as elsewhere:
        elsewhere.always("GET", "/bucket/key", ranged)
        there = {"Location": f"{elsewhere.url}/bucket/key"}
        shaky.always("GET", WHERE, Reply(307, b"", there))
        assert job.download(tmp_path / "m.onnx").read_bytes() == CONTENT


def test_a_store_that_is_away_is_waited_for(shaky: Shaky, job: Job, tmp_path: Path) -> None:
    shaky.once("GET", WHERE, problem(503, "store_unavailable", "passing", wait=1))
    assert job.download(tmp_path / "m.onnx").read_bytes() == CONTENT


def test_a_job_without_a_result_says_so(shaky: Shaky, tmp_path: Path) -> None:
    shaky.always("GET", "/v1/jobs/j1", Reply(200, answers.job("failed")))
    with Modelferry(shaky.url) as ferry, pytest.raises(errors.NotFound, match="failed"):
        ferry.job("j1").download(tmp_path)


def test_a_folder_that_is_not_there_is_named(job: Job, tmp_path: Path) -> None:
    with pytest.raises(errors.Misuse, match="nowhere"):
        job.download(tmp_path / "nowhere" / "m.onnx")
