"""Uploads over a line that breaks, by a process that dies, of files that change."""

import base64
import hashlib
import os
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from modelferry import Modelferry, errors
from tests.support import answers
from tests.support.shaky import Answer, Asked, Cut, Reply, Shaky, problem

PART = 1 << 16


@dataclass
class Store:
    """An upload as the service keeps it."""

    shaky: Shaky
    size: int = 0
    state: str = "open"
    parts: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shaky.always("POST", "/v1/uploads", self._open)
        self.shaky.always("GET", "/v1/uploads/u1", lambda _: Reply(200, self._view()))
        self.shaky.always("POST", "/v1/uploads/u1/complete", self._complete)
        self.shaky.always("GET", "/v1/models/m1", lambda _: Reply(200, answers.model()))
        for number in range(1, 10):
            self.shaky.always("PUT", f"/v1/uploads/u1/parts/{number}", self._part)

    def sent(self, number: int) -> int:
        return len(self.shaky.seen("PUT", f"/v1/uploads/u1/parts/{number}"))

    @property
    def whole(self) -> bytes:
        return b"".join(self.parts[number] for number in sorted(self.parts))

    def _open(self, asked: Asked) -> Answer:
        import json

        self.size = json.loads(asked.body)["size"]
        return Reply(201, self._view())

    def _part(self, asked: Asked) -> Answer:
        number = int(asked.path.rpartition("/")[2])
        digest = base64.b64encode(hashlib.sha256(asked.body).digest()).decode()
        assert asked.headers["Content-Digest"] == f"sha-256=:{digest}:"
        self.parts[number] = asked.body
        return Reply(200, {"number": number, "size": len(asked.body), "digest": "sha256:x"})

    def _complete(self, _: Asked) -> Answer:
        self.state = "completed"
        return Reply(201, answers.model())

    def _view(self) -> dict[str, Any]:
        return {
            "id": "u1",
            "name": "model.bin",
            "size": self.size,
            "part_size": PART,
            "state": self.state,
            "parts": [
                {"number": number, "size": len(body), "digest": "sha256:x"}
                for number, body in self.parts.items()
            ],
            "model_id": "m1" if self.state == "completed" else None,
            "expires_at": answers.MOMENT,
        }


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "modelferry" / "uploads"


@pytest.fixture
def store() -> Iterator[Store]:
    with Shaky() as server:
        yield Store(server)


@pytest.fixture
def ferry(store: Store) -> Iterator[Modelferry]:
    with Modelferry(store.shaky.url, patience=5) as client:
        yield client


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(os.urandom(3 * PART + 100))
    return path


def test_a_model_arrives_in_parts(store: Store, ferry: Modelferry, model: Path) -> None:
    told: list[tuple[str, int, int]] = []
    assert ferry.upload(model, progress=lambda *each: told.append(each)).id == "m1"
    assert store.whole == model.read_bytes()
    assert len(store.parts) == 4
    size = model.stat().st_size
    assert ("hashing", size, size) in told
    assert told[-1] == ("uploading", size, size)


def test_the_digest_is_announced(store: Store, ferry: Modelferry, model: Path) -> None:
    ferry.upload(model)
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    assert f"sha256:{digest}".encode() in store.shaky.seen("POST", "/v1/uploads")[0].body


def test_a_broken_line_sends_only_what_is_missing(
    store: Store, ferry: Modelferry, model: Path
) -> None:
    store.shaky.once("PUT", "/v1/uploads/u1/parts/3", Cut(), Cut())
    ferry.upload(model)
    assert store.whole == model.read_bytes()
    assert [store.sent(number) for number in (1, 2, 3, 4)] == [1, 1, 3, 1]


def test_a_service_that_is_away_for_a_moment_is_waited_for(
    store: Store, ferry: Modelferry, model: Path
) -> None:
    away = problem(503, "store_unavailable", "passing", wait=1)
    store.shaky.once("PUT", "/v1/uploads/u1/parts/2", away)
    ferry.upload(model)
    assert store.sent(2) == 2


def test_another_process_goes_on_where_one_stopped(store: Store, model: Path, cache: Path) -> None:
    store.shaky.once("PUT", "/v1/uploads/u1/parts/3", Cut())
    with Modelferry(store.shaky.url, patience=0) as first, pytest.raises(errors.Unreachable):
        first.upload(model)
    assert len(list(cache.iterdir())) == 1
    os.utime(model)  # touched, and still the same bytes
    with Modelferry(store.shaky.url) as second:
        second.upload(model)
    assert [store.sent(number) for number in (1, 2, 3, 4)] == [1, 1, 2, 1]
    assert len(store.shaky.seen("POST", "/v1/uploads")) == 1
    assert not list(cache.iterdir())


def test_another_file_begins_anew(store: Store, model: Path) -> None:
    store.shaky.once("PUT", "/v1/uploads/u1/parts/1", Cut())
    with Modelferry(store.shaky.url, patience=0) as first, pytest.raises(errors.Unreachable):
        first.upload(model)
    model.write_bytes(b"other")
    with Modelferry(store.shaky.url) as second:
        second.upload(model)
    assert len(store.shaky.seen("POST", "/v1/uploads")) == 2


def test_an_upload_that_the_service_forgot_begins_anew(store: Store, model: Path) -> None:
    store.shaky.once("PUT", "/v1/uploads/u1/parts/1", Cut())
    with Modelferry(store.shaky.url, patience=0) as first, pytest.raises(errors.Unreachable):
        first.upload(model)
    store.shaky.once("GET", "/v1/uploads/u1", problem(404, "not_found", "yours"))
    with Modelferry(store.shaky.url) as second:
        assert second.upload(model).id == "m1"
    assert len(store.shaky.seen("POST", "/v1/uploads")) == 2


def test_a_lost_answer_to_the_last_request_is_asked_for(
    store: Store, ferry: Modelferry, model: Path
) -> None:
    def complete_and_vanish(_: Asked) -> Answer:
        store.state = "completed"
        return Cut()

    store.shaky.always("POST", "/v1/uploads/u1/complete", complete_and_vanish)
    assert ferry.upload(model).id == "m1"
    assert len(store.shaky.seen("POST", "/v1/uploads/u1/complete")) == 1


def test_a_refused_model_is_not_remembered(
    store: Store, ferry: Modelferry, model: Path, cache: Path
) -> None:
    refused = problem(422, "pickled_module", "yours")
    store.shaky.always("POST", "/v1/uploads/u1/complete", refused)
    with pytest.raises(errors.PickledModule):
        ferry.upload(model)
    assert not list(cache.iterdir())


def test_no_cache_folder_is_no_obstacle(
    store: Store, ferry: Modelferry, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    assert ferry.upload(model).id == "m1"


def test_a_folder_is_packed_the_same_way_every_time(
    store: Store, ferry: Modelferry, tmp_path: Path
) -> None:
    packed = []
    for name in ("here", "there"):
        folder = tmp_path / name / "saved"
        (folder / "variables").mkdir(parents=True)
        files = [("saved_model.pb", b"graph"), ("variables/data", os.urandom(0) + b"w" * 1000)]
        for path, content in files if name == "here" else reversed(files):
            (folder / path).write_bytes(content)
        os.utime(folder / "saved_model.pb", (len(packed), len(packed)))
        ferry.upload(folder)
        packed.append(store.whole)
        store.parts.clear()
        store.state = "open"
    assert packed[0] == packed[1]
    (tmp_path / "again.zip").write_bytes(packed[0])
    with zipfile.ZipFile(tmp_path / "again.zip") as archive:
        assert archive.namelist() == ["saved_model.pb", "variables/data"]
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}


def test_any_folder_is_not_a_model(ferry: Modelferry, tmp_path: Path) -> None:
    with pytest.raises(errors.Misuse, match=r"saved_model\.pb"):
        ferry.upload(tmp_path)


def test_a_link_to_nowhere_is_not_left_out_in_silence(ferry: Modelferry, tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    (tmp_path / "variables").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.Misuse, match="link"):
        ferry.upload(tmp_path)


def test_an_archive_is_sent_as_it_is(store: Store, ferry: Modelferry, tmp_path: Path) -> None:
    path = tmp_path / "saved.tar.gz"
    with tarfile.open(path, "w:gz"):
        pass
    ferry.upload(path)
    assert store.whole == path.read_bytes()


def test_a_missing_file_is_named(ferry: Modelferry, tmp_path: Path) -> None:
    with pytest.raises(errors.Misuse, match=r"nothing\.keras"):
        ferry.upload(tmp_path / "nothing.keras")
