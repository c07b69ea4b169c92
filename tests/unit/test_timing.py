"""Timing caches: nobody's entries are lost, and nothing here can cost a step."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from shared.adapters.notebook_local import LocalNotebook
from shared.adapters.objects_local import LocalObjects
from shared.domain.errors import StorageFull
from shared.domain.offers import Offer
from shared.ports import Claimed, Notebook
from shared.services.timing import LARGEST, OUTPUT, Loaded, TimingCaches, page_of
from tests.support.execution import BUILD, CONVERT, ON_GPUS, ONE, OTHER, VERIFY, claimed

PAGE = page_of("tensorrt", "10.13.0", ONE)


class Yard:
    """A fleet of builders over one store. A builder knows words, and a cache is a set of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = LocalObjects(root / "store")
        self.notebook: Notebook = LocalNotebook(root / "store")

    def caches(self, offer: Offer = ON_GPUS) -> TimingCaches:
        return TimingCaches(self.store, self.notebook, offer)

    def folder(self) -> Path:
        folder = self.root / uuid4().hex
        folder.mkdir()
        return folder

    def load(self, folder: Path, step: Claimed | None = None) -> Loaded:
        loaded = self.caches().load(step or claimed(BUILD, gpu=ONE), folder)
        assert loaded is not None
        return loaded

    def keep(self, loaded: Loaded, folder: Path, *learnt: str) -> None:
        known = {word for each in loaded.files for word in (folder / each).read_text().split()}
        (folder / OUTPUT).write_text(" ".join(sorted({*known, *learnt})))
        self.caches().keep(loaded, folder)

    def build(self, *learnt: str) -> None:
        folder = self.folder()
        self.keep(self.load(folder), folder, *learnt)

    def known(self) -> set[str]:
        folder = self.folder()
        loaded = self.load(folder)
        return {word for each in loaded.files for word in (folder / each).read_text().split()}

    def pieces(self) -> list[str]:
        found = self.notebook.read(PAGE)
        assert found is not None
        listed: list[str] = json.loads(found[0])["pieces"]
        return listed

    def write(self, page: bytes) -> None:
        found = self.notebook.read(PAGE)
        assert self.notebook.swap(PAGE, page, found[1] if found else None)


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


def _warned(yard: Yard, *events: str) -> None:
    """What `yard.known()` says in the log."""
    with capture_logs() as logs:
        yard.known()
    assert [each["event"] for each in logs] == list(events)


def test_a_page_is_of_one_library_one_kind_of_gpu_and_one_driver() -> None:
    other_driver = ONE.model_copy(update={"driver": "575.1"})
    same_kind = ONE.model_copy(update={"uuid": "GPU-x", "driver": "580.99.1"})
    assert page_of("tensorrt", "10.13.0", ONE) == "timing/tensorrt-10.13.0/h100-9.0/580"
    assert page_of("tensorrt", "10.13.0", same_kind) == PAGE
    assert page_of("TensorRT RTX", "1.7+cu13", None) == "timing/tensorrt-rtx-1.7-cu13/no-gpu"
    pages = {
        page_of("tensorrt", "10.13.0", OTHER),
        page_of("tensorrt", "10.13.0", other_driver),
        page_of("tensorrt", "10.14.0", ONE),
        page_of("tensorrt-rtx", "10.13.0", ONE),
        PAGE,
    }
    assert len(pages) == 5


def test_only_a_converter_that_measures_has_a_cache(yard: Yard) -> None:
    for action in (CONVERT, VERIFY):
        assert yard.caches().load(claimed(action, gpu=ONE), yard.folder()) is None


def test_a_first_build_begins_with_nothing(yard: Yard) -> None:
    assert yard.load(yard.folder()).files == {}


def test_what_was_learnt_takes_the_place_of_what_was_loaded(yard: Yard) -> None:
    yard.build("a")
    yard.build("b")
    assert yard.known() == {"a", "b"}
    assert len(yard.pieces()) == 1


def test_two_builds_at_once_both_count(yard: Yard) -> None:
    yard.build("a")
    one, other = yard.folder(), yard.folder()
    first, second = yard.load(one), yard.load(other)
    yard.keep(first, one, "b")
    yard.keep(second, other, "c")
    assert len(yard.pieces()) == 2
    assert yard.known() == {"a", "b", "c"}
    yard.build("d")
    assert len(yard.pieces()) == 1
    assert yard.known() == {"a", "b", "c", "d"}


def test_many_workers_lose_nobodys_entries(yard: Yard) -> None:
    words = [f"w{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(yard.build, words))
    assert yard.known() == set(words)
    assert len(yard.pieces()) <= 8


def test_a_build_that_learnt_nothing_changes_nothing(yard: Yard) -> None:
    yard.build("a")
    before = yard.notebook.read(PAGE)
    yard.build("a")
    folder = yard.folder()
    yard.caches().keep(yard.load(folder), folder)
    assert yard.notebook.read(PAGE) == before


@pytest.mark.parametrize(
    "page", [b"", b"{", b"\xff\xfe", b"[]", b'{"pieces": ["../../etc/passwd"]}', b'{"pieces": 3}']
)
def test_a_page_that_cannot_be_read_is_replaced_with_a_warning(yard: Yard, page: bytes) -> None:
    yard.write(page)
    _warned(yard, "timing_page_unreadable")
    yard.build("a")
    assert yard.known() == {"a"}


def test_a_piece_that_the_store_has_lost_is_dropped(yard: Yard) -> None:
    yard.build("a")
    gone = "sha256:" + "0" * 64
    yard.write(json.dumps({"pieces": [*yard.pieces(), gone]}).encode())
    _warned(yard, "timing_piece_unread")
    yard.build("b")
    assert gone not in yard.pieces()
    assert yard.known() == {"a", "b"}


def test_a_piece_that_comes_late_is_not_dropped(yard: Yard, tmp_path: Path) -> None:
    """Some stores show a new object a moment after it was written."""
    yard.build("a")
    (tmp_path / "late").write_text("late")
    other = Yard(tmp_path / "elsewhere")
    digest, _ = other.store.put(tmp_path / "late")
    yard.write(json.dumps({"pieces": [*yard.pieces(), digest]}).encode())
    folder = yard.folder()
    loaded = yard.load(folder)
    assert loaded.missing == {digest}
    yard.store.put(tmp_path / "late")
    yard.keep(loaded, folder, "b")
    assert yard.known() == {"a", "b", "late"}


def test_a_piece_that_rotted_is_left_out_with_a_warning(yard: Yard, tmp_path: Path) -> None:
    yard.build("a")
    (path,) = (path for path in (tmp_path / "store" / "objects").rglob("*") if path.is_file())
    path.chmod(0o600)
    path.write_bytes(b"rot")
    _warned(yard, "timing_piece_unread")
    assert yard.known() == set()


def test_a_store_that_is_away_costs_no_step(yard: Yard, tmp_path: Path) -> None:
    yard.build("a")
    folder = yard.folder()
    loaded = yard.load(folder)
    (tmp_path / "store").rename(tmp_path / "unmounted")
    with capture_logs() as logs:
        yard.keep(loaded, folder, "b")
        assert yard.load(yard.folder()).files == {}
    assert [each["event"] for each in logs] == ["timing_cache_not_kept", "timing_cache_unread"]
    (tmp_path / "unmounted").rename(tmp_path / "store")
    assert yard.known() == {"a"}


class Contested(Notebook):
    """Somebody is always a moment faster, so many times."""

    def __init__(self, inner: Notebook, times: int) -> None:
        self.inner = inner
        self.times = times

    @override
    def read(self, name: str) -> tuple[bytes, str] | None:
        return self.inner.read(name)

    @override
    def swap(self, name: str, page: bytes, tag: str | None) -> bool:
        if self.times:
            self.times -= 1
            now = self.inner.read(name)
            listed = json.loads(now[0])["pieces"] if now else []
            faster = json.dumps({"pieces": [*listed, f"sha256:{self.times:064x}"]}).encode()
            assert self.inner.swap(name, faster, now[1] if now else None)
        return self.inner.swap(name, page, tag)


def test_a_page_that_others_change_is_tried_again(yard: Yard) -> None:
    yard.notebook = Contested(yard.notebook, times=5)
    yard.build("a")
    assert len(yard.pieces()) == 6


def test_one_who_is_never_fast_enough_gives_up_with_a_warning(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.services.timing.LONGEST_PAUSE", 0.001)
    yard.notebook = Contested(yard.notebook, times=10**6)
    with capture_logs() as logs:
        yard.build("a")
    assert [each["event"] for each in logs] == ["timing_cache_not_kept"]


def test_a_child_hands_over_a_file_and_no_link_to_one(yard: Yard, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a key of the worker")
    for make in (
        lambda path: path.symlink_to(secret),
        lambda path: path.mkdir(),
        lambda path: path.touch(),
        lambda path: path.open("wb").truncate(LARGEST + 1),
    ):
        folder = yard.folder()
        loaded = yard.load(folder)
        make(folder / OUTPUT)
        with capture_logs() as logs:
            yard.caches().keep(loaded, folder)
        assert [each["event"] for each in logs] == ["timing_cache_refused"]
    assert yard.notebook.read(PAGE) is None
    assert yard.known() == set()


def test_a_full_store_costs_no_step(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> tuple[str, int]:
        raise StorageFull("full")

    monkeypatch.setattr(yard.store, "put", full)
    with capture_logs() as logs:
        yard.build("a")
    assert [each["event"] for each in logs] == ["timing_cache_not_kept"]
