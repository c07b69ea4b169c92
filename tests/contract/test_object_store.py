"""The object store: one suite over a folder and two servers of the S3 protocol."""

import hashlib
import io
import os
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import pytest

from modelferry.embedded.ports import free_port
from shared.adapters.objects import open_store
from shared.domain.errors import NotFound, PartMissing, StorageFull, StoreAway, UploadClosed
from shared.ports import ObjectStore
from tests.contract.conftest import BUCKET, S3Server

ROOT = Path(__file__).parents[2]
MIB = 1 << 20


@dataclass(frozen=True)
class Place:
    """A store of this test's own, and what a process needs to reach it."""

    kind: str
    url: str
    environment: dict[str, str]
    store: ObjectStore


@pytest.fixture(params=["local", "rclone", "moto"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Place:
    if request.param == "local":
        url = (tmp_path / "store").as_uri()
        return Place("local", url, {}, open_store(url))
    server: S3Server = request.getfixturevalue(request.param)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    url = f"s3://{BUCKET}/{uuid4().hex}/nested"
    return Place(server.name, url, server.environment, open_store(url))


@pytest.fixture
def store(place: Place) -> ObjectStore:
    return place.store


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def pieces(data: bytes, size: int = 1000) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def ignore(digest: str, size: int, reader: BinaryIO) -> None:
    """Take whatever comes."""


def whole(store: ObjectStore, digest: str) -> bytes:
    return b"".join(store.read(digest))


def test_a_file_is_stored_under_its_digest(store: ObjectStore, tmp_path: Path) -> None:
    data = os.urandom(100_000)
    (tmp_path / "a").write_bytes(data)
    assert store.put(tmp_path / "a") == (digest_of(data), len(data))
    assert store.put(tmp_path / "a") == (digest_of(data), len(data))
    assert store.size(digest_of(data)) == len(data)
    assert whole(store, digest_of(data)) == data
    store.fetch(digest_of(data), tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == data


def test_any_range_is_read(store: ObjectStore, tmp_path: Path) -> None:
    data = os.urandom(9 * MIB)
    (tmp_path / "a").write_bytes(data)
    digest, size = store.put(tmp_path / "a")
    for start, end in ((0, None), (5, 10), (4 * MIB - 1, 8 * MIB + 1), (size - 1, size + 99)):
        chunks = list(store.read(digest, start, end))
        assert b"".join(chunks) == data[start:end]
        assert all(len(chunk) <= 8 * MIB for chunk in chunks)
    assert list(store.read(digest, size, None)) == []


def test_an_object_is_opened_as_a_seekable_file(store: ObjectStore, tmp_path: Path) -> None:
    data = os.urandom(3 * MIB)
    (tmp_path / "a").write_bytes(data)
    digest, size = store.put(tmp_path / "a")
    with store.open(digest) as reader:
        assert reader.seek(0, io.SEEK_END) == size
        assert reader.read() == b""
        assert reader.seek(-10, io.SEEK_CUR) == size - 10
        assert reader.read(100) == data[-10:]
        assert reader.seek(2 * MIB - 3) == 2 * MIB - 3
        assert reader.read(7) == data[2 * MIB - 3 : 2 * MIB + 4]


def test_what_is_not_there_is_not_found(store: ObjectStore, tmp_path: Path) -> None:
    for digest in (digest_of(b"none"), "sha256:../../etc", "md5:00"):
        with pytest.raises(NotFound):
            store.size(digest)
        with pytest.raises(NotFound):
            store.read(digest)
        with pytest.raises(NotFound):
            store.open(digest)
        with pytest.raises(NotFound):
            store.fetch(digest, tmp_path / "a")
        assert not (tmp_path / "a").exists()


def test_parts_are_joined_in_the_order_given(store: ObjectStore) -> None:
    data = os.urandom(2 * MIB)
    upload = uuid4().hex
    for number in (2, 1, 3):
        part = data[(number - 1) * 700_000 : number * 700_000]
        assert store.stage(upload, number, pieces(part)) == (digest_of(part), len(part))
    heard = []

    def accept(digest: str, size: int, reader: BinaryIO) -> None:
        with pytest.raises(NotFound):
            store.size(digest)
        reader.seek(650_000)
        assert reader.read(800_000) == data[650_000:1_450_000]
        heard.append((digest, size))

    assert store.join(upload, [1, 2, 3], accept) == (digest_of(data), len(data))
    assert heard == [(digest_of(data), len(data))]
    assert whole(store, digest_of(data)) == data
    store.unstage(upload)
    with pytest.raises(PartMissing, match="Part 1"):
        store.join(upload, [1, 2, 3], ignore)
    store.unstage(upload)


def test_a_part_that_is_sent_again_replaces_the_first(store: ObjectStore) -> None:
    upload = uuid4().hex
    store.stage(upload, 1, iter([b"first"]))
    store.stage(upload, 1, iter([b"second"]))
    assert store.join(upload, [1], ignore) == (digest_of(b"second"), 6)


class ClientGone(OSError):
    """What reading a request's body raises when its sender goes away."""


@pytest.mark.parametrize("size", [1000, 12 * MIB])
def test_a_part_that_breaks_off_leaves_the_one_before(store: ObjectStore, size: int) -> None:
    def broken() -> Iterator[bytes]:
        yield from pieces(bytes(size), MIB)
        raise ClientGone

    upload = uuid4().hex
    with pytest.raises(ClientGone):
        store.stage(upload, 1, broken())
    with pytest.raises(PartMissing):
        store.join(upload, [1], ignore)
    store.stage(upload, 1, iter([b"good"]))
    with pytest.raises(ClientGone):
        store.stage(upload, 1, broken())
    assert store.join(upload, [1], ignore) == (digest_of(b"good"), 4)


def test_a_part_that_breaks_off_leaves_no_room_taken(
    moto: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in moto.environment.items():
        monkeypatch.setenv(name, value)

    def broken() -> Iterator[bytes]:
        yield from pieces(bytes(20 * MIB), MIB)
        raise ClientGone

    with pytest.raises(ClientGone):
        open_store(f"s3://{BUCKET}").stage("gone", 1, broken())
    assert b"<Key>" not in download(f"{moto.url}/{BUCKET}?uploads")


def test_a_part_whose_upload_is_ended_meanwhile_is_refused(tmp_path: Path) -> None:
    store = open_store((tmp_path / "store").as_uri())

    def ended() -> Iterator[bytes]:
        yield b"some"
        store.unstage("upload")
        yield b"more"

    with pytest.raises(UploadClosed):
        store.stage("upload", 1, ended())
    store.check()


def test_parts_that_fail_do_not_pull_the_floor_from_under_others(tmp_path: Path) -> None:
    store = open_store((tmp_path / "store").as_uri())

    def broken() -> Iterator[bytes]:
        yield b"a"
        raise ClientGone

    def fail(_: int) -> None:
        with pytest.raises(ClientGone):
            store.stage("upload", 1, broken())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(fail, range(1000))) == [None] * 1000


def test_what_is_not_accepted_becomes_no_object(store: ObjectStore) -> None:
    upload = uuid4().hex
    store.stage(upload, 1, iter([b"bad" * 1000]))

    def refuse(digest: str, size: int, reader: BinaryIO) -> None:
        raise ClientGone

    with pytest.raises(ClientGone):
        store.join(upload, [1], refuse)
    with pytest.raises(NotFound):
        store.size(digest_of(b"bad" * 1000))
    assert store.join(upload, [1], ignore) == (digest_of(b"bad" * 1000), 3000)


def test_equal_bytes_written_at_once_are_one_object(store: ObjectStore) -> None:
    data = os.urandom(MIB)

    def send(upload: str) -> tuple[str, int]:
        store.stage(upload, 1, pieces(data, 100_000))
        return store.join(upload, [1], ignore)

    with ThreadPoolExecutor(6) as pool:
        ends = set(pool.map(send, [uuid4().hex for _ in range(6)]))
    assert ends == {(digest_of(data), len(data))}
    assert whole(store, digest_of(data)) == data


def test_what_was_staged_long_ago_is_tidied_away(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"kept")
    digest, _ = store.put(tmp_path / "a")
    store.stage("old", 1, iter([b"left"]))
    store.tidy(timedelta(hours=1))
    store.join("old", [1], ignore)
    store.tidy(timedelta(seconds=-5))
    with pytest.raises(PartMissing):
        store.join("old", [1], ignore)
    assert whole(store, digest) == b"kept"


def test_a_store_that_is_there_says_so(store: ObjectStore) -> None:
    store.check()


STREAM = """
    import resource, sys
    from pathlib import Path
    from shared.adapters.objects import open_store

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10

    store = open_store(sys.argv[1])
    store.stage("warm", 1, iter([bytes(1 << 20)] * 9))
    store.join("warm", [1], lambda digest, size, reader: reader.read(10))
    before = peak()
    store.stage("big", 1, (bytes([i]) * (1 << 20) for i in range(200)))
    digest, size = store.join("big", [1], lambda digest, size, reader: reader.read(10))
    store.fetch(digest, Path(sys.argv[2]))
    assert store.put(Path(sys.argv[2])) == (digest, size)
    assert size == 200 << 20
    print(peak() - before)
"""


def run(script: str, *arguments: str, environment: dict[str, str]) -> str:
    env = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_memory_stays_low_whatever_the_size(place: Place, tmp_path: Path) -> None:
    grown = run(STREAM, place.url, str(tmp_path / "back"), environment=place.environment)
    assert int(grown) < 48, f"{grown} MiB more for an object of 200 MiB"


def files(url: str) -> list[Path]:
    return [path for path in Path(url.removeprefix("file://")).rglob("*") if path.is_file()]


@pytest.fixture
def local(tmp_path: Path) -> Place:
    url = (tmp_path / "store").as_uri()
    return Place("local", url, {}, open_store(url))


def test_local_objects_are_read_only(local: Place, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"data")
    digest, _ = local.store.put(tmp_path / "a")
    (path,) = files(local.url)
    name = digest.removeprefix("sha256:")
    assert path.relative_to(tmp_path).as_posix() == f"store/objects/sha256/{name[:2]}/{name}"
    assert path.stat().st_mode & 0o777 == 0o444


def test_a_local_object_that_rotted_is_not_handed_out(local: Place, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"data")
    digest, _ = local.store.put(tmp_path / "a")
    (path,) = files(local.url)
    path.chmod(0o600)
    path.write_bytes(b"rot!")
    with pytest.raises(StoreAway, match="other bytes"):
        local.store.fetch(digest, tmp_path / "b")
    assert not (tmp_path / "b").exists()


DIE = """
    import os, sys
    from shared.adapters.objects import open_store

    def chunks():
        yield bytes(1 << 20)
        os.kill(os.getpid(), 9) if sys.argv[2] == "stage" else None

    store = open_store(sys.argv[1])
    store.stage("dead", 1, chunks())
    store.join("dead", [1], lambda *_: os.kill(os.getpid(), 9))
"""


@pytest.mark.parametrize("moment", ["stage", "join"])
def test_a_writer_that_is_killed_leaves_no_object(local: Place, moment: str) -> None:
    command = [sys.executable, "-c", textwrap.dedent(DIE), local.url, moment]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -9
    assert all("/staging/dead/" in str(path) for path in files(local.url))
    local.store.unstage("dead")
    assert files(local.url) == []


FILL = """
    import sys
    from pathlib import Path
    from shared.adapters.objects import open_store
    from shared.domain.errors import StorageFull

    store = open_store(sys.argv[1])
    root = Path(sys.argv[1].removeprefix("file://"))

    def files():
        return sorted(path.name for path in root.rglob("*") if path.is_file())

    def full(act):
        before = files()
        try:
            act()
        except StorageFull as error:
            assert error.status == 507
        else:
            raise SystemExit("there was room")
        assert files() == before, files()

    full(lambda: store.stage("big", 1, (bytes(1 << 20) for _ in range(16))))
    store.stage("half", 1, (bytes(1 << 20) for _ in range(5)))
    full(lambda: store.join("half", [1], lambda *_: None))
    source = Path(sys.argv[2])
    source.write_bytes(bytes(5 << 20))
    full(lambda: store.put(source))
    store.unstage("half")
    digest, _ = store.put(source)
    full(lambda: store.fetch(digest, root / "copy"))
    print("full")
"""


def namespaces() -> bool:
    command = ["unshare", "-Urm", "true"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not namespaces(), reason="a disk of 8 MiB needs a user namespace here")
def test_a_full_disk_is_called_so_and_nothing_half_written_stays(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    mount = 'mount -t tmpfs -o size=8m ferry "$1" && shift && exec "$@"'
    script = [sys.executable, "-c", textwrap.dedent(FILL)]
    arguments = [(tmp_path / "disk" / "store").as_uri(), str(tmp_path / "source")]
    shell = ["unshare", "-Urm", "sh", "-c", mount, "sh", str(tmp_path / "disk")]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*shell, *script, *arguments], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "full\n"), done.stderr


def test_a_local_store_whose_disk_is_gone_is_away(local: Place, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"data")
    digest, _ = local.store.put(tmp_path / "a")
    (tmp_path / "store").rename(tmp_path / "unmounted")
    for act in (
        local.store.check,
        lambda: local.store.size(digest),
        lambda: local.store.put(tmp_path / "a"),
        lambda: local.store.stage("u", 1, iter([b"x"])),
        lambda: local.store.join("u", [1], ignore),
    ):
        with pytest.raises(StoreAway):
            act()


def test_an_s3_store_that_does_not_answer_is_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = S3Server("none", f"http://127.0.0.1:{free_port()}", "ferry", "secret")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    store = open_store(f"s3://{BUCKET}")
    (tmp_path / "a").write_bytes(b"data")
    for act in (
        store.check,
        lambda: store.size(digest_of(b"data")),
        lambda: store.put(tmp_path / "a"),
        lambda: store.stage("u", 1, iter([b"x"])),
    ):
        with pytest.raises(StoreAway):
            act()


def test_a_store_that_takes_no_such_key_is_away(
    rclone: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**rclone.environment, "AWS_SECRET_ACCESS_KEY": "wrong"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StoreAway):
        open_store(f"s3://{BUCKET}").check()


def download(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - the server is ours
        data: bytes = answer.read()
        return data


def test_a_signed_url_downloads_without_a_key(place: Place, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"data")
    digest, _ = place.store.put(tmp_path / "a")
    url = place.store.signed_url(digest, "model.onnx", timedelta(minutes=5))
    if place.kind == "local":
        assert url is None
        return
    assert url is not None
    assert download(url) == b"data"
    assert open_store(place.url, sign=False).signed_url(digest, "a", timedelta(1)) is None


def test_a_forged_url_downloads_nothing(
    rclone: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in rclone.environment.items():
        monkeypatch.setenv(name, value)
    store = open_store(f"s3://{BUCKET}")
    (tmp_path / "a").write_bytes(b"data")
    (tmp_path / "b").write_bytes(b"secret")
    digest, _ = store.put(tmp_path / "a")
    other, _ = store.put(tmp_path / "b")
    url = store.signed_url(digest, "model.onnx", timedelta(minutes=5))
    assert url is not None
    short, long = digest.removeprefix("sha256:"), other.removeprefix("sha256:")
    forged = url.replace(f"{short[:2]}/{short}", f"{long[:2]}/{long}")
    with pytest.raises(urllib.error.HTTPError):
        download(forged)


def test_storage_full_asks_to_come_back_later() -> None:
    assert StorageFull("full").retry_after >= 60


def test_a_join_whose_parts_are_unstaged_meanwhile_says_that_the_upload_has_ended(
    local: Place,
) -> None:
    local.store.stage("ended", 1, [b"all of it"])

    def numbers() -> Iterator[int]:
        yield 1
        local.store.unstage("ended")

    with pytest.raises(UploadClosed):
        local.store.join("ended", numbers(), lambda *_: None)
