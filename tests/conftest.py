"""What every test may ask for: real servers, fresh databases, the whole service."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis

from modelferry.embedded.postgres import Postgres
from modelferry.embedded.service import Service
from modelferry.embedded.valkey import Valkey
from shared.settings import Settings

ROOT = Path(__file__).parents[1]
TEMPLATE = "migrated"
IMPATIENT = {"MODELFERRY_LEASE_TERM": "5", "MODELFERRY_HEARTBEAT": "0.5"}


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developer() -> None:
    for name in [name for name in os.environ if name.startswith("MODELFERRY_")]:
        del os.environ[name]


def _administer(postgres: Postgres, statement: str) -> None:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server; `.url(database)`, `.kill()`, `.restart()` on the same port."""
    # A commit still reaches the kernel: tests that kill the server lose none.
    unhurried = {"fsync": "off", "full_page_writes": "off"}
    server = Postgres(tmp_path_factory.mktemp("postgres"), settings=unhurried)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _template(postgres: Postgres) -> str:
    _administer(postgres, f'CREATE DATABASE "{TEMPLATE}"')
    migrate(postgres.url(TEMPLATE))
    return TEMPLATE


def migrate(url: str, revision: str = "head") -> None:
    env = {**os.environ, "MODELFERRY_DATABASE_URL": url}
    command = [sys.executable, "-m", "alembic", "upgrade", revision]
    done = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def database_url(postgres: Postgres, _template: str) -> Iterator[str]:
    """A migrated, empty database of this test's own."""
    name = f"test_{secrets.token_hex(6)}"
    _administer(postgres, f'CREATE DATABASE "{name}" TEMPLATE "{_template}"')
    yield postgres.url(name)
    _administer(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey server; `.url`, `.kill()`, `.wipe()`, `.restart()` on the same port."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def broker_url(valkey: Valkey) -> str:
    """A real broker, emptied."""
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    return valkey.url


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder.as_uri()


@pytest.fixture
def settings(database_url: str, broker_url: str, store_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url,
        broker_url=broker_url,
        store_url=store_url,
        work_dir=tmp_path / "work",
    )


@dataclass(frozen=True)
class Running:
    """The whole service. `env` is what its parts were told: addresses and passwords."""

    supervisor: Service
    url: str
    env: dict[str, str]
    home: Path

    def pid(self, part: str) -> int:
        """Of postgres, valkey, api, worker or sweeper; another one after it was restarted."""
        return self.supervisor.part(part)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """All parts as processes, on servers of their own; a part that is killed comes back."""
    home = tmp_path_factory.mktemp("service")
    supervisor = Service(home, {**os.environ, **IMPATIENT})
    supervisor.start()
    yield Running(supervisor, supervisor.url, supervisor.told, home)
    supervisor.stop()
