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


BEFORE_GPUS = """
INSERT INTO models (id, tenant, digest, format, name, size)
VALUES ('00000000-0000-0000-0000-000000000001', 't', 'd', 'keras', 'm.keras', 1);
INSERT INTO jobs (id, tenant, model_id, source, target, options, turn, plan)
SELECT ('00000000-0000-0000-0000-00000000010' || n)::uuid, 't',
       '00000000-0000-0000-0000-000000000001', 'keras', 'onnx', '{}', n, '{}'
FROM generate_series(1, 2) n;
INSERT INTO steps (id, job_id, round, route, position, kind, action, capability, queue, priority,
                   turn, state, fingerprint, worker, lease_expires, attempt)
SELECT ('00000000-0000-0000-0000-00000000020' || n)::uuid,
       ('00000000-0000-0000-0000-00000000010' || n)::uuid, 1, -1, 0, 'inspect', '{}',
       'inspect:keras', 'cpu', 5, n, 'running', 'f' || n, 'w', now(), 1
FROM generate_series(1, 2) n;
INSERT INTO attempts (step_id, number, worker) SELECT id, 1, 'w' FROM steps;
INSERT INTO results (fingerprint, report) VALUES ('r1', '{}'), ('r2', '{}');
"""

ENGINES = """
UPDATE steps SET tied = true, fingerprint = 'same', gpu = 'kind' || turn, needs = '{"gpu":"l4"}';
INSERT INTO results (fingerprint, gpu, device, report)
VALUES ('r1', 'l4', '{}', '{}'), ('r1', 'h100', '{}', '{}');
"""


def test_what_was_there_before_gpus_stays_there_and_back(database_url: str) -> None:
    """Two kinds of GPU may build the same at once; before, there was one flight only."""
    alembic(database_url, "downgrade", "0001")
    with psycopg.connect(database_url) as connection:
        connection.execute(BEFORE_GPUS)
    alembic(database_url, "upgrade", "head")
    with psycopg.connect(database_url) as connection:
        jobs = connection.execute("SELECT request = id, number, extras FROM jobs").fetchall()
        assert jobs == [(True, 0, None)] * 2
        steps = connection.execute("SELECT state, needs, tied, gpu FROM steps").fetchall()
        assert steps == [("running", "{}", False, "")] * 2
        results = connection.execute("SELECT fingerprint, gpu, device FROM results").fetchall()
        assert sorted(results) == [("r1", "", None), ("r2", "", None)]
        connection.execute(ENGINES)
    alembic(database_url, "downgrade", "0001")
    with psycopg.connect(database_url) as connection:
        steps = connection.execute("SELECT state, worker FROM steps").fetchall()
        assert steps == [("ready", None)] * 2
        ends = connection.execute("SELECT outcome, ended_at IS NULL FROM attempts").fetchall()
        assert ends == [("broke", False)] * 2
        results = connection.execute("SELECT fingerprint FROM results").fetchall()
        assert sorted(results) == [("r1",), ("r2",)]
