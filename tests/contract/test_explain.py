"""Hot queries on a large table: each is served by the index that was made for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Select, select, text, tuple_
from sqlalchemy.dialects import postgresql

from shared.adapters.claims import next_step, twins
from shared.adapters.classes import ANYWHERE, class_of, classes_for, waiting_classes
from shared.adapters.leases import next_expired
from shared.adapters.tables import JobRow, StepRow
from shared.adapters.turns import lowest_turn
from shared.domain.gpus import Needs
from shared.domain.offers import Queue
from tests.support.gpus import L4
from tests.support.queue import World, world

FILL = """
INSERT INTO jobs (id, request, tenant, model_id, source, target, options, turn, plan, state,
                  created_at)
SELECT gen_random_uuid(), gen_random_uuid(), 't' || n % 20, :model, 'keras', 'onnx', '{}', n, '{}',
       (ARRAY['succeeded', 'failed', 'succeeded', 'succeeded'])[n % 4 + 1],
       now() - n * interval '1 s'
FROM generate_series(1, 100000) n;
INSERT INTO steps (id, job_id, round, route, position, kind, action, capability, queue, priority,
                   turn, state, fingerprint, output_digest)
SELECT gen_random_uuid(), id, 1, -1, 0, 'inspect', '{}', 'inspect:keras', 'cpu', 5, turn, 'done',
       'f' || turn, 'd' || turn
FROM jobs;
UPDATE steps SET state = 'ready', output_digest = NULL, ready_at = now() WHERE turn % 50 = 0;
UPDATE steps SET state = 'running', worker = 'w', output_digest = NULL,
       lease_expires = now() + interval '15 s' WHERE turn % 1000 = 7;
"""


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        model = made.model()
        with made.database.begin() as session:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in FILL.split(";\n"):
                if statement.strip():
                    session.execute(text(statement), {"model": model})
        with made.database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("VACUUM ANALYZE jobs, steps"))
        yield made


def explained(queue: World, query: Select[Any]) -> dict[str, Any]:
    compiled = query.compile(dialect=queue.database.engine.dialect)
    assert isinstance(compiled.dialect, postgresql.psycopg.dialect)
    with queue.database.begin() as session:
        connection = session.connection()
        statement = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + str(compiled)
        parameters = dict(compiled.construct_params())
        ((found,),) = connection.exec_driver_sql(statement, parameters).fetchone()
        session.rollback()
        plan: dict[str, Any] = found["Plan"]
        return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", []):
        yield from nodes(each)


def page(*conditions: Any) -> Select[Any]:
    last = tuple_(JobRow.created_at, JobRow.id) < (datetime.now(UTC) - timedelta(hours=9), uuid4())
    return (
        select(JobRow)
        .where(*conditions, last)
        .order_by(JobRow.created_at.desc(), JobRow.id.desc())
        .limit(51)
    )


def test_hot_queries_read_their_index_and_little_else(queue: World) -> None:
    queries = {
        "steps_claim": next_step(queue.offer.capabilities, Queue.CPU, [ANYWHERE]),
        "steps_leases": next_expired(),
        "steps_twins": twins("f50", uuid4()),
        "steps_output": select(StepRow).where(StepRow.output_digest == "d51"),
        "jobs_page": page(JobRow.tenant == "t3"),
        "jobs_page_by_state": page(JobRow.tenant == "t3", JobRow.state == "failed"),
        "steps_turns": lowest_turn(Queue.CPU, ANYWHERE),
    }
    for index, query in queries.items():
        plan = explained(queue, query)
        used = {each["Index Name"] for each in nodes(plan) if "Index Name" in each}
        assert index in used, (index, plan)
        assert not any(each["Node Type"] == "Seq Scan" for each in nodes(plan)), (index, plan)
        read = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        assert read < 200, (index, read, plan)


BACKLOG = """
UPDATE steps SET state = 'ready', output_digest = NULL, ready_at = now(), queue = 'gpu',
       needs = CASE WHEN turn % 8 = 0 THEN :capability WHEN turn % 8 = 2 THEN :memory
               ELSE :absent END
WHERE state = 'done' AND turn % 2 = 0
"""
CLASSES = {
    "absent": class_of(Needs(gpu="B200")),
    "capability": class_of(Needs(compute_capability="8.9")),
    "memory": class_of(Needs(memory=1)),
}


def test_steps_for_an_absent_gpu_cost_others_nothing(queue: World) -> None:
    """Fifty thousand of them: neither a claim for another GPU nor one for the CPU reads them."""
    with queue.database.begin() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text(BACKLOG), CLASSES)
    with queue.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("VACUUM ANALYZE steps"))
    with queue.database.begin() as session:
        found = classes_for(session, Queue.GPU, L4)
    assert set(found) == {CLASSES["capability"], CLASSES["memory"]}
    queries = {
        "classes": waiting_classes(Queue.GPU),
        "gpu": next_step(queue.offer.capabilities, Queue.GPU, found, L4.kind),
        "one class": next_step(queue.offer.capabilities, Queue.GPU, found[:1], L4.kind),
        "cpu": next_step(queue.offer.capabilities, Queue.CPU, [ANYWHERE]),
    }
    turn = explained(queue, lowest_turn(Queue.GPU, found[0]))
    assert turn["Shared Hit Blocks"] + turn["Shared Read Blocks"] < 20
    for name, query in queries.items():
        plan = explained(queue, query)
        used = {each["Index Name"] for each in nodes(plan) if "Index Name" in each}
        assert used & {"steps_claim", "steps_turns"}, (name, plan)
        assert not any(each["Node Type"] in {"Seq Scan", "Sort"} for each in nodes(plan)), (
            name,
            plan,
        )
        read = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        assert read < 200, (name, read, plan)
