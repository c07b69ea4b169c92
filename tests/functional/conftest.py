"""One API for all tests of this folder; each test is a tenant of its own."""

import secrets
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from modelferry.embedded.postgres import Postgres
from modelferry.embedded.valkey import Valkey
from shared.settings import Settings
from tests.support.fleet import Hands, hands
from tests.support.serving import Served, serving


@pytest.fixture(scope="session")
def api(
    postgres: Postgres, _template: str, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A running API over real servers, and one announced worker that does nothing."""
    folder = tmp_path_factory.mktemp("api")
    name = f"api_{secrets.token_hex(6)}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{_template}"'.encode())
    store = folder / "store"
    store.mkdir()
    settings = Settings(
        database_url=postgres.url(name),
        broker_url=valkey.url,
        store_url=store.as_uri(),
        part_size=1 << 16,
        max_upload=8 << 20,
        max_body=1 << 14,
        lease_term=3600,
        work_dir=folder / "work",
    )
    with hands(settings) as worker:
        worker.announce()
    with serving(settings, folder) as served:
        yield served


@pytest.fixture
def tenant() -> str:
    return f"t-{secrets.token_hex(6)}"


@pytest.fixture
def client(api: Served, tenant: str) -> Iterator[httpx.Client]:
    """A client of this test's own tenant."""
    with api.client(tenant) as found:
        yield found


@pytest.fixture
def worker(api: Served) -> Iterator[Hands]:
    with hands(api.settings) as found:
        yield found
