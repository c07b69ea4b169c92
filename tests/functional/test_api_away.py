"""Parts that are away, and a disk that is full: nothing is lost, nothing half done."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from modelferry.embedded.postgres import Postgres
from modelferry.embedded.valkey import Valkey
from shared.settings import Settings
from tests.functional.test_api_jobs import ask, asked
from tests.functional.test_api_problems import held
from tests.functional.test_api_uploads import kept, large, opened, send
from tests.support import files
from tests.support.fleet import hands
from tests.support.serving import Served, serving

PATIENCE = 30


@pytest.fixture
def fragile(
    settings: Settings, postgres: Postgres, valkey: Valkey, tmp_path: Path
) -> Iterator[Served]:
    """An API of this test's own. Whatever the test stopped is started again."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        # The tests' server is a hurried one: it may forget what it has just committed.
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = on'.encode())
    with hands(settings) as worker:
        worker.announce()
    with serving(settings, tmp_path) as served:
        yield served


def comes_back(request: Callable[[], httpx.Response]) -> None:
    until = time.monotonic() + PATIENCE
    while (answer := request()).status_code != 200:
        assert time.monotonic() < until, answer.text
        time.sleep(0.2)


def away(answer: httpx.Response, code: str) -> None:
    held(answer, 503, code)
    assert int(answer.headers["retry-after"]) > 0


def test_without_the_database_work_is_put_off(fragile: Served, postgres: Postgres) -> None:
    with fragile.client("t") as client:
        model = send(client, files.program(), "m.pt2").json()["id"]
        job = asked(client, model)
        postgres.kill()
        try:
            assert client.get("/healthz").status_code == 200
            away(client.get("/readyz"), "unavailable")
            away(ask(client, model), "database_unavailable")
            away(client.get(f"/v1/jobs/{job['id']}"), "database_unavailable")
            away(client.post("/v1/uploads", json={"name": "m", "size": 5}), "database_unavailable")
        finally:
            postgres.restart()
        comes_back(lambda: client.get("/readyz"))
        comes_back(lambda: client.get(f"/v1/jobs/{job['id']}"))
        news = client.get(f"/v1/jobs/{job['id']}", params={"wait": 1})
        assert news.json()["state"] == "queued"
        assert len(client.get("/v1/jobs").json()["items"]) == 1


def test_without_the_broker_nothing_new_is_taken(fragile: Served, valkey: Valkey) -> None:
    with fragile.client("t") as client:
        model = send(client, files.program(), "m.pt2").json()["id"]
        job = asked(client, model)
        valkey.kill()
        try:
            away(client.get("/readyz"), "unavailable")
            away(ask(client, model), "broker_unavailable")
            assert client.get(f"/v1/jobs/{job['id']}").status_code == 200
            assert len(client.get("/v1/jobs").json()["items"]) == 1
        finally:
            valkey.restart()
        comes_back(lambda: client.get("/readyz"))
        assert ask(client, model).status_code == 201


@pytest.fixture
def small_disk(tmp_path: Path) -> tuple[str, ...]:
    """A command prefix: what runs behind it sees a store of 1 MiB."""
    store = tmp_path / "small"
    store.mkdir()
    namespaces = ("unshare", "-m") if os.geteuid() == 0 else ("unshare", "-Urm")
    mount = f'mount -t tmpfs -o size=1m none "{store}" && exec "$@"'
    prefix = (*namespaces, "sh", "-c", mount, "sh")
    if (
        shutil.which("unshare") is None
        or subprocess.run([*prefix, "true"], check=False).returncode
    ):
        pytest.skip("no file system can be mounted here")
    return prefix


def test_a_full_disk_is_said_and_leaves_nothing(
    settings: Settings, small_disk: tuple[str, ...], tmp_path: Path
) -> None:
    store = (tmp_path / "small").as_uri()
    with (
        serving(settings, tmp_path, small_disk, store_url=store) as served,
        served.client("t") as client,
    ):
        answer = send(client, large(90, parts=40), "m.onnx")
        held(answer, 507, "storage_full")
        assert int(answer.headers["retry-after"]) > 0
        data = large(91, parts=40)
        upload = opened(client, data)
        part = client.put(f"/v1/uploads/{upload['id']}/parts/1", content=data)
        held(part, 507, "storage_full")
        assert client.get(f"/v1/uploads/{upload['id']}").json()["parts"] == []
        assert send(client, files.onnx_model(), "m.onnx").status_code == 201, "room is left"
    assert kept(served) == set()
