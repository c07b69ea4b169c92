"""Migrations: there and back again, and what they write is what the code believes."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg

ROOT = Path(__file__).parents[2]


def alembic(url: str, *words: str) -> str:
    env = {**os.environ, "MODELFERRY_DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "-m", "alembic", *words],
        cwd=ROOT,
        env=env,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_down_to_nothing_and_up_again(database_url: str) -> None:
    alembic(database_url, "downgrade", "base")
    with psycopg.connect(database_url) as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = 'public' AND relkind IN ('r', 'i', 'S')"
            " UNION SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
            " WHERE nspname = 'public'"
        ).fetchall()
    assert {name for (name,) in left} <= {"alembic_version", "alembic_version_pkc"}
    alembic(database_url, "upgrade", "head")
    assert "No new upgrade operations" in alembic(database_url, "check")


def test_two_who_start_together_do_not_migrate_twice(database_url: str) -> None:
    alembic(database_url, "downgrade", "base")
    env = {**os.environ, "MODELFERRY_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    both = [subprocess.Popen(command, cwd=ROOT, env=env) for _ in range(2)]
    assert [each.wait() for each in both] == [0, 0]
