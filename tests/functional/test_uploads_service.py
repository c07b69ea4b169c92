"""Uploads: parts in any order become one model, or nothing at all."""

import hashlib
import io
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import text

from shared.adapters.database import Database
from shared.adapters.doorbell import Bell
from shared.adapters.objects import open_store
from shared.adapters.uploads import UploadRows
from shared.domain.errors import (
    BadSamples,
    BadUpload,
    BrokerAway,
    DatabaseAway,
    DigestMismatch,
    EmptyFile,
    FerryError,
    InvalidSchema,
    NotFound,
    PartMissing,
    TooLarge,
    TruncatedFile,
    UnknownFormat,
    UnsafeArchive,
    UploadClosed,
)
from shared.domain.protobufs import Message, outermost
from shared.domain.views import UploadView
from shared.services.uploads import Uploads
from shared.settings import Settings

PART = 1 << 16
TENANT = "alice"


def onnx_of(size: int, seed: int = 0) -> bytes:
    """An ONNX file of exactly `size` bytes, as far as its outermost message goes."""
    head, tail = b"\x08\x08\x3a", b"\x42\x02\x10\x12"
    length = size - len(head) - len(tail) - 4
    varint = bytes(
        (length >> shift & 0x7F) | (0x80 if shift < 21 else 0) for shift in (0, 7, 14, 21)
    )
    data = head + varint + random.Random(seed).randbytes(length) + tail
    assert len(data) == size
    assert outermost(io.BytesIO(data)) is Message.ONNX
    return data


DATA = onnx_of(5 * PART + 1234)


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def chunks(data: bytes, size: int = 10_000) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def part_of(data: bytes, number: int) -> bytes:
    return data[(number - 1) * PART : number * PART]


class House:
    """The use case over real parts, and a look behind them."""

    def __init__(self, settings: Settings, ttl: float = 3600) -> None:
        self.database = Database(settings.database_url, pool_size=8)
        self.store = open_store(settings.store_url)
        self.root = Path(settings.store_url.removeprefix("file://"))
        self.uploads = Uploads(
            UploadRows(self.database),
            self.store,
            Bell(settings.broker_url),
            max_upload=1 << 20,
            part_size=PART,
            ttl=timedelta(seconds=ttl),
        )

    def open(self, data: bytes = DATA, **said: str | None) -> UploadView:
        said = {"digest": None, "format": None, "name": "model.onnx", **said}
        return self.uploads.open(TENANT, size=len(data), **said)

    def send(self, view: UploadView, data: bytes = DATA, *numbers: int) -> None:
        for number in numbers or range(1, -(-len(data) // PART) + 1):
            part = part_of(data, number)
            self.uploads.put_part(TENANT, view.id, number, chunks(part), digest_of(part))

    def staged(self) -> list[Path]:
        return [path for path in (self.root / "staging").rglob("*") if path.is_file()]

    def objects(self) -> list[Path]:
        return [path for path in (self.root / "objects").rglob("*") if path.is_file()]

    def count(self, table: str) -> int:
        with self.database.begin() as session:
            return session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608 - ours


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    found = House(settings)
    yield found
    found.database.close()


def test_parts_in_any_order_become_a_model(house: House) -> None:
    view = house.open(digest=digest_of(DATA))
    assert (view.state, view.part_size, view.parts) == ("open", PART, ())
    house.send(view, DATA, 6, 2, 4, 1, 5, 3)
    shown = house.uploads.show(TENANT, view.id)
    assert [part.number for part in shown.parts] == [1, 2, 3, 4, 5, 6]
    assert shown.parts[5].size == 1234
    model, new = house.uploads.complete(TENANT, view.id)
    assert new
    assert (model.digest, model.format, model.size) == (digest_of(DATA), "onnx", len(DATA))
    assert model.name == "model.onnx"
    assert b"".join(house.store.read(model.digest)) == DATA
    shown = house.uploads.show(TENANT, view.id)
    assert (shown.state, shown.model_id) == ("completed", model.id)
    assert house.staged() == []


def test_a_part_sent_again_replaces_the_first(house: House) -> None:
    view = house.open()
    house.send(view, onnx_of(len(DATA), seed=1))
    house.send(view)
    model, _ = house.uploads.complete(TENANT, view.id)
    assert model.digest == digest_of(DATA)


def test_parts_sent_at_once_are_all_kept(house: House) -> None:
    view = house.open()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: house.send(view, DATA, number), [*range(1, 7)] * 3))
    model, _ = house.uploads.complete(TENANT, view.id)
    assert model.digest == digest_of(DATA)


@pytest.mark.parametrize("length", [0, 1, PART - 1, PART + 1, 3 * PART])
def test_a_part_of_the_wrong_size_is_refused(house: House, length: int) -> None:
    view = house.open()
    with pytest.raises(BadUpload, match=str(PART)):
        house.uploads.put_part(TENANT, view.id, 1, chunks(bytes(length)), None)
    assert house.staged() == []
    assert house.uploads.show(TENANT, view.id).parts == ()


@pytest.mark.parametrize("number", [-1, 0, 7, 1 << 40])
def test_a_part_of_no_such_number_is_refused(house: House, number: int) -> None:
    view = house.open()
    with pytest.raises(BadUpload, match="parts 1 to 6"):
        house.uploads.put_part(TENANT, view.id, number, chunks(bytes(PART)), None)


def test_a_part_with_a_wrong_hash_leaves_the_one_before(house: House) -> None:
    view = house.open()
    house.send(view)
    with pytest.raises(DigestMismatch):
        house.uploads.put_part(TENANT, view.id, 1, chunks(bytes(PART)), digest_of(b"other"))
    model, _ = house.uploads.complete(TENANT, view.id)
    assert model.digest == digest_of(DATA)


class ClientGone(OSError):
    """What reading a request's body raises when its sender goes away."""


def test_a_part_that_breaks_off_leaves_nothing(house: House) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(1000)
        raise ClientGone

    view = house.open()
    with pytest.raises(ClientGone):
        house.uploads.put_part(TENANT, view.id, 1, broken(), None)
    with pytest.raises(ClientGone):
        house.uploads.receive(TENANT, name="m", format=None, chunks=broken())
    with pytest.raises(ClientGone):
        house.uploads.receive_samples(TENANT, broken())
    assert house.staged() == house.objects() == []
    assert house.count("models") == 0


def test_missing_parts_are_named(house: House) -> None:
    view = house.open()
    house.send(view, DATA, 1, 3, 6)
    with pytest.raises(PartMissing, match=r"2, 4, 5\."):
        house.uploads.complete(TENANT, view.id)
    house.send(view, DATA, 2, 4, 5)
    assert house.uploads.complete(TENANT, view.id)[1]


def test_a_file_that_is_not_the_one_announced_is_not_kept(house: House) -> None:
    view = house.open(digest=digest_of(b"another"))
    house.send(view)
    with pytest.raises(DigestMismatch):
        house.uploads.complete(TENANT, view.id)
    assert house.staged() == house.objects() == []
    assert house.uploads.show(TENANT, view.id).state == "aborted"


@pytest.mark.parametrize(
    ("data", "said", "error"),
    [
        (DATA[:-1], None, TruncatedFile),
        (b"no model " * 100, None, UnknownFormat),
        (DATA, "keras", BadUpload),
    ],
)
def test_what_is_no_model_is_not_kept(
    house: House, data: bytes, said: str | None, error: type[FerryError]
) -> None:
    view = house.open(data, format=said)
    house.send(view, data)
    with pytest.raises(error):
        house.uploads.complete(TENANT, view.id)
    with pytest.raises(error):
        house.uploads.receive(TENANT, name="m", format=said, chunks=chunks(data))
    assert house.staged() == house.objects() == []
    assert house.count("models") == 0
    with pytest.raises(UploadClosed):
        house.uploads.complete(TENANT, view.id)


def test_what_cannot_begin_is_refused(house: House) -> None:
    def opened(**given: object) -> None:
        usual = {"name": "m.onnx", "size": 10, "digest": None, "format": None}
        house.uploads.open(TENANT, **{**usual, **given})

    for error, given in (
        (EmptyFile, {"size": 0}),
        (TooLarge, {"size": (1 << 20) + 1}),
        (UnknownFormat, {"format": "caffe"}),
        (InvalidSchema, {"digest": "sha256:short"}),
        (InvalidSchema, {"name": "a/.."}),
        (InvalidSchema, {"name": "\0"}),
    ):
        with pytest.raises(error):
            opened(**given)
    assert house.count("uploads") == 0


def test_a_name_is_never_a_path(house: House) -> None:
    assert house.open(name="../../etc/cron.d/model.onnx").name == "model.onnx"
    assert house.open(name="C:\\models\\mo\0del.onnx").name == "model.onnx"
    assert len(house.open(name="n" * 1000).name) == 255


def test_completing_twice_gives_the_same_model(house: House) -> None:
    view = house.open()
    house.send(view)
    first, new = house.uploads.complete(TENANT, view.id)
    again, new_again = house.uploads.complete(TENANT, view.id)
    assert (new, new_again) == (True, False)
    assert again == first


def test_completing_at_once_gives_one_model(house: House) -> None:
    for _ in range(5):
        data = onnx_of(len(DATA), seed=random.randrange(1 << 30))
        view = house.open(data)
        house.send(view, data)
        with ThreadPoolExecutor(6) as pool:
            ends = list(pool.map(lambda _, v=view: house.uploads.complete(TENANT, v.id), range(6)))
        assert len({model.id for model, _ in ends}) == 1
        assert sum(new for _, new in ends) == 1
    assert house.count("models") == 5
    assert house.staged() == []


def test_the_same_bytes_are_recognised(house: House) -> None:
    view = house.open()
    house.send(view)
    first, _ = house.uploads.complete(TENANT, view.id)
    again, new = house.uploads.receive(TENANT, name="x", format=None, chunks=chunks(DATA))
    assert (again.id, new) == (first.id, False)
    assert again.name == "model.onnx"
    with ThreadPoolExecutor(6) as pool:
        ends = list(
            pool.map(
                lambda _: house.uploads.receive("bob", name="x", format=None, chunks=chunks(DATA)),
                range(6),
            )
        )
    assert sum(new for _, new in ends) == 1
    (other,) = {model.id for model, _ in ends}
    assert other != first.id
    assert len(house.objects()) == 1


def test_a_model_comes_in_one_go(house: House) -> None:
    model, new = house.uploads.receive(
        TENANT, name="m.onnx", format="onnx", chunks=chunks(DATA, 1 << 19)
    )
    assert new
    assert (model.digest, model.size, model.name) == (digest_of(DATA), len(DATA), "m.onnx")
    assert b"".join(house.store.read(model.digest)) == DATA
    assert house.staged() == []


def test_one_go_is_held_to_the_limits(house: House) -> None:
    endless = (bytes(10_000) for _ in range(1 << 20))
    with pytest.raises(TooLarge):
        house.uploads.receive(TENANT, name="m", format=None, chunks=endless)
    with pytest.raises(EmptyFile):
        house.uploads.receive(TENANT, name="m", format=None, chunks=iter([b"", b""]))
    with pytest.raises(UnknownFormat):
        house.uploads.receive(TENANT, name="m", format="caffe", chunks=chunks(DATA))
    assert house.staged() == house.objects() == []


def test_an_aborted_upload_is_closed(house: House) -> None:
    view = house.open()
    house.send(view, DATA, 1, 2)
    house.uploads.abort(TENANT, view.id)
    house.uploads.abort(TENANT, view.id)
    assert house.staged() == []
    assert house.uploads.show(TENANT, view.id).state == "aborted"
    with pytest.raises(UploadClosed):
        house.send(view, DATA, 3)
    with pytest.raises(UploadClosed):
        house.uploads.complete(TENANT, view.id)
    assert house.staged() == []


def test_a_completed_upload_takes_no_part_and_is_not_given_up(house: House) -> None:
    view = house.open()
    house.send(view)
    house.uploads.complete(TENANT, view.id)
    with pytest.raises(UploadClosed):
        house.send(view, DATA, 1)
    with pytest.raises(UploadClosed):
        house.uploads.abort(TENANT, view.id)


def test_a_part_that_comes_while_the_upload_is_given_up_is_forgotten(house: House) -> None:
    view = house.open()

    def slow() -> Iterator[bytes]:
        yield bytes(PART - 1)
        house.uploads.abort(TENANT, view.id)
        yield b"x"

    with pytest.raises(FerryError):
        house.uploads.put_part(TENANT, view.id, 1, slow(), None)
    assert house.staged() == []


def test_another_tenant_sees_nothing(house: House) -> None:
    view = house.open()
    house.send(view)
    for act in (
        lambda: house.uploads.show("bob", view.id),
        lambda: house.uploads.put_part("bob", view.id, 1, chunks(part_of(DATA, 1)), None),
        lambda: house.uploads.complete("bob", view.id),
        lambda: house.uploads.abort("bob", view.id),
        lambda: house.uploads.show(TENANT, str(uuid4())),
        lambda: house.uploads.show(TENANT, "../../etc"),
    ):
        with pytest.raises(NotFound):
            act()
    assert house.uploads.complete(TENANT, view.id)[1]


def test_expired_uploads_are_closed_and_dropped(settings: Settings) -> None:
    house = House(settings, ttl=0.5)
    view = house.open()
    house.send(view, DATA, 1, 2)
    kept = House(settings)
    young = kept.open()
    kept.send(young)
    with house.database.begin() as session:
        session.execute(text("SELECT pg_sleep(0.6)"))
    with pytest.raises(UploadClosed, match="expired"):
        house.send(view, DATA, 3)
    with pytest.raises(UploadClosed, match="expired"):
        house.uploads.complete(TENANT, view.id)
    (house.root / "staging" / "orphan").mkdir()
    os.utime(house.root / "staging" / "orphan", (0, 0))
    assert kept.uploads.drop_expired() == 1
    assert not (house.root / "staging" / "orphan").exists()
    assert kept.uploads.drop_expired() == 0
    assert house.uploads.show(TENANT, view.id).state == "aborted"
    assert not any(view.id in str(path) for path in house.staged())
    assert kept.uploads.complete(TENANT, young.id)[1]
    house.database.close()
    kept.database.close()


def npz(**arrays: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def test_samples_are_kept_with_their_arrays(house: House) -> None:
    data = npz(x=np.zeros((5, 4), np.float32), tokens=np.ones((5, 7), np.int64))
    view = house.uploads.receive_samples(TENANT, chunks(data))
    arrays = {each.name: (each.dtype, each.shape) for each in view.arrays}
    assert arrays == {"x": ("float32", (5, 4)), "tokens": ("int64", (5, 7))}
    assert (view.digest, view.size) == (digest_of(data), len(data))
    assert house.count("samples") == 1
    assert house.staged() == []


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (npz(x=np.array([{}], dtype=object)), BadSamples),
        (b"x,y\n1,2\n", BadSamples),
        (npz(x=np.zeros((50, 4)))[:-100], TruncatedFile),
        (npz(**{"../x": np.zeros(4)}), UnsafeArchive),
        (b"", EmptyFile),
    ],
)
def test_bad_samples_are_not_kept(house: House, data: bytes, error: type[FerryError]) -> None:
    with pytest.raises(error):
        house.uploads.receive_samples(TENANT, chunks(data))
    assert house.count("samples") == 0
    assert house.staged() == house.objects() == []


def test_new_work_waits_for_the_broker_and_the_database(settings: Settings) -> None:
    nowhere = {"broker_url": "redis://127.0.0.1:1/0"}
    with pytest.raises(BrokerAway):
        House(settings.model_copy(update=nowhere)).open()
    gone = {"database_url": "postgresql://nobody@127.0.0.1:1/none"}
    with pytest.raises(DatabaseAway):
        House(settings.model_copy(update=gone)).open()
