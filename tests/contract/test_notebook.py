"""The notebook: one suite over a folder and two servers of the S3 protocol."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from modelferry.embedded.ports import free_port
from shared.adapters.locks import Locks
from shared.adapters.notebook import open_notebook
from shared.adapters.notebook_s3 import S3Notebook
from shared.adapters.objects import open_store
from shared.domain.errors import StoreAway
from shared.ports import Notebook
from shared.services.timing import OUTPUT, TimingCaches, page_of
from tests.contract.conftest import BUCKET, S3Server
from tests.support.execution import BUILD, ON_GPUS, ONE, claimed
from tests.support.shaky import Reply, Shaky

ROOT = Path(__file__).parents[2]
NAME = "timing/tensorrt-11.4.0/nvidia-h100/9.0/580"


@dataclass(frozen=True)
class Place:
    """A notebook of this test's own, and how to open it once more."""

    kind: str
    url: str
    environment: dict[str, str]
    open: Callable[[], Notebook]


@pytest.fixture
def locks(database_url: str) -> Iterator[Locks]:
    made = Locks(database_url)
    yield made
    made.close()


@pytest.fixture(params=["local", "rclone", "moto"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: Locks
) -> Place:
    if request.param == "local":
        url = (tmp_path / "store").as_uri()
        return Place("local", url, {}, lambda: open_notebook(url, locks))
    server: S3Server = request.getfixturevalue(request.param)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    url = f"s3://{BUCKET}/{uuid4().hex}/nested"
    return Place(server.name, url, server.environment, lambda: open_notebook(url, locks))


@pytest.fixture
def notebook(place: Place) -> Notebook:
    return place.open()


def test_a_page_is_written_once_and_swapped_by_its_tag(notebook: Notebook) -> None:
    assert notebook.read(NAME) is None
    assert notebook.swap(NAME, b"first", None)
    assert not notebook.swap(NAME, b"also first", None)
    first = notebook.read(NAME)
    assert first is not None
    assert first[0] == b"first"
    assert notebook.swap(NAME, b"second", first[1])
    assert not notebook.swap(NAME, b"late", first[1])
    second = notebook.read(NAME)
    assert second is not None
    assert second[0] == b"second"
    assert second[1] != first[1]


def test_a_tag_of_a_page_that_is_not_there_fits_nothing(notebook: Notebook) -> None:
    assert notebook.swap("one", b"page", None)
    page = notebook.read("one")
    assert page is not None
    assert not notebook.swap("two", b"page", page[1])
    assert notebook.read("two") is None


def test_pages_do_not_meet(notebook: Notebook) -> None:
    assert notebook.swap("a/b", b"one", None)
    assert notebook.swap("a/c", b"two", None)
    pages = [notebook.read(name) for name in ("a/b", "a/c")]
    assert [page and page[0] for page in pages] == [b"one", b"two"]


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a//b", ".lock", "", "a/../b"])
def test_a_name_that_leads_elsewhere_is_none(notebook: Notebook, name: str) -> None:
    with pytest.raises(ValueError, match="page"):
        notebook.read(name)
    with pytest.raises(ValueError, match="page"):
        notebook.swap(name, b"", None)


def test_whether_the_server_keeps_conditions_is_found_out(place: Place) -> None:
    notebook = place.open()
    if isinstance(notebook, S3Notebook):
        notebook.read(NAME)
        assert notebook._conditional is (place.kind == "moto")


RACE = """
    import json, sys
    from shared.adapters.locks import Locks
    from shared.adapters.notebook import open_notebook

    url, database, name, who, times = sys.argv[1:]
    notebook = open_notebook(url, Locks(database))
    for number in range(int(times)):
        while True:
            found = notebook.read(name)
            entries = json.loads(found[0]) if found else []
            page = json.dumps([*entries, f"{who}-{number}"]).encode()
            if notebook.swap(name, page, found[1] if found else None):
                break
"""


def test_two_writers_lose_nothing_in_200_swaps(place: Place, database_url: str) -> None:
    script = textwrap.dedent(RACE)
    env = {**os.environ, **place.environment, "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", script, place.url, database_url, NAME, who, "100"],
            env=env,
            stderr=subprocess.PIPE,
            text=True,
        )
        for who in ("one", "two")
    ]
    for writer in writers:
        _, said = writer.communicate()
        assert writer.returncode == 0, said
    found = place.open().read(NAME)
    assert found is not None
    wanted = {f"{who}-{number}" for who in ("one", "two") for number in range(100)}
    entries = json.loads(found[0])
    assert set(entries) == wanted
    assert len(entries) == len(wanted)


def test_threads_lose_nothing_either(place: Place) -> None:
    notebook = place.open()

    def write(number: int) -> None:
        while True:
            found = notebook.read(NAME)
            page = (found[0] if found else b"") + f"{number} ".encode()
            if notebook.swap(NAME, page, found[1] if found else None):
                return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(40)))
    found = notebook.read(NAME)
    assert found is not None
    assert sorted(map(int, found[0].split())) == list(range(40))


def test_builds_at_once_keep_what_each_of_them_measured(place: Place, tmp_path: Path) -> None:
    """The timing caches over each kind of store: a build's file holds a line for each fact."""
    store = open_store(place.url)

    def build(number: int) -> None:
        folder = tmp_path / f"step-{number}"
        folder.mkdir()
        caches = TimingCaches(store, place.open(), ON_GPUS)
        loaded = caches.load(claimed(BUILD, gpu=ONE), folder)
        assert loaded is not None
        known = {(folder / each).read_text() for each in loaded.files}
        (folder / OUTPUT).write_text("".join([*known, f"{number}\n"]))
        caches.keep(loaded, folder)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(build, range(12)))
    build(12)
    found = place.open().read(page_of("tensorrt", "10.13.0", ONE))
    assert found is not None
    (digest,) = json.loads(found[0])["pieces"]
    lines = b"".join(store.read(digest)).decode().split()
    assert {int(line) for line in lines} == set(range(13))


def test_a_store_that_does_not_answer_is_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, locks: Locks
) -> None:
    server = S3Server("none", f"http://127.0.0.1:{free_port()}", "ferry", "secret")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    bucket = open_notebook(f"s3://{BUCKET}", locks)
    folder = open_notebook((tmp_path / "store").as_uri(), locks)
    assert folder.swap(NAME, b"page", None)
    (tmp_path / "store").rename(tmp_path / "unmounted")
    for notebook in (bucket, folder):
        with pytest.raises(StoreAway):
            notebook.read(NAME)
        with pytest.raises(StoreAway):
            notebook.swap(NAME, b"", None)


def test_a_server_without_such_a_function_is_taken_by_turns(
    monkeypatch: pytest.MonkeyPatch, locks: Locks
) -> None:
    monkeypatch.setattr("shared.adapters.notebook_s3.secrets.token_hex", lambda _: "0")
    unknown = Reply(501, b"<Error><Code>NotImplemented</Code></Error>")
    with Shaky() as shaky:
        server = S3Server("shaky", shaky.url, "ferry", "secret")
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        shaky.always("PUT", f"/{BUCKET}/pages/trial-0", unknown)
        shaky.always("GET", f"/{BUCKET}/pages/a", Reply(404))
        shaky.always("PUT", f"/{BUCKET}/pages/a", Reply(200, b"", {"ETag": '"1"'}))
        assert S3Notebook(f"s3://{BUCKET}", locks).swap("a", b"page", None)
        (asked,) = shaky.seen("PUT", f"/{BUCKET}/pages/a")
        assert asked.body == b"page"


DIE = """
    import os, sys
    from pathlib import Path
    from shared.adapters.locks import Locks
    from shared.adapters.notebook import open_notebook

    notebook = open_notebook(sys.argv[1], Locks(sys.argv[2]))
    Path.replace = lambda *_: os.kill(os.getpid(), 9)
    notebook.swap(sys.argv[3], b"half", None)
"""


def test_a_writer_that_is_killed_leaves_the_page_and_no_lock(
    tmp_path: Path, database_url: str, locks: Locks
) -> None:
    url = (tmp_path / "store").as_uri()
    notebook = open_notebook(url, locks)
    command = [sys.executable, "-c", textwrap.dedent(DIE), url, database_url, NAME]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert notebook.read(NAME) is None
    assert notebook.swap(NAME, b"whole", None)
    page = notebook.read(NAME)
    assert page is not None
    assert page[0] == b"whole"
    assert not list((tmp_path / "store" / "pages").glob(".draft"))


STOP = """
    import os, sys
    from pathlib import Path
    from shared.adapters.locks import Locks
    from shared.adapters.notebook import open_notebook

    def stop(*_):
        print("stopped", flush=True)
        sys.stdin.read()

    Path.replace = stop
    open_notebook(sys.argv[1], Locks(sys.argv[2])).swap(sys.argv[3], b"slow", None)
"""


def test_a_writer_that_hangs_holds_up_nobody_for_ever(
    tmp_path: Path, database_url: str, locks: Locks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.adapters.notebook_local.TURN", 0.1)
    url = (tmp_path / "store").as_uri()
    notebook = open_notebook(url, locks)
    command = [sys.executable, "-c", textwrap.dedent(STOP), url, database_url, NAME]
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"stopped\n"
        assert notebook.read(NAME) is None
        with pytest.raises(StoreAway, match="in use"):
            notebook.swap(NAME, b"page", None)
    finally:
        process.kill()
        process.communicate()
    assert notebook.swap(NAME, b"page", None)
