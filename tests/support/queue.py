"""A queue over a real database, with workers that only say what became of a step."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from shared.adapters.bells import Bells
from shared.adapters.database import Database
from shared.adapters.fleet import Workers
from shared.adapters.jobs import Jobs
from shared.adapters.models import Models
from shared.adapters.settling import Persistence
from shared.adapters.steps import Steps
from shared.adapters.tables import ModelRow, SampleRow
from shared.domain.artifacts import Artifact
from shared.domain.errors import AccuracyMismatch, Crashed, UnsupportedOperator
from shared.domain.offers import ConverterOffer, Fidelity, Offer, Queue, RuntimeOffer
from shared.domain.outcomes import Agreed, Broke, Disagreed, Outcome, Produced, Refused
from shared.domain.plans import Check, Convert, Inspect, Verify
from shared.domain.targets import Target
from shared.domain.views import JobView
from shared.ports import Claimed, Doorbell, NewJob, Usage
from shared.services.ask import Ask
from shared.services.control import Control
from shared.services.planning import plan
from shared.services.submit import Submit

TERM = timedelta(seconds=15)
USAGE = Usage(seconds=0.5, peak_memory=1 << 20)
OPSET = {"type": "integer", "minimum": 11, "maximum": 22, "default": 18}

COVERED = {"target": "tensorrt", "supported": True, "by": "parser 1", "nodes": 3, "covered": 3}

_numbers = count(1)


def digest(label: object) -> str:
    return "sha256:" + hashlib.sha256(str(label).encode()).hexdigest()


def edge(name: str, source: str = "keras", target: str = "onnx", **more: Any) -> ConverterOffer:
    properties = more.pop("properties", {"opset": OPSET})
    given = {
        "version": 1,
        "summary": name,
        "options": {"properties": properties, "additionalProperties": False},
        "fidelity": Fidelity.CLOSE,
        "toolchain": {"tf2onnx": "1.17"},
    }
    return ConverterOffer(name=name, source=source, target=target, **(given | more))


FIRST, SECOND = edge("first"), edge("second", fidelity=Fidelity.NARROW)
SIMPLIFY = edge("slim", "onnx", "onnx", asked_by="simplify", properties={})


def offer(worker: str = "one", *edges: ConverterOffer, **more: Any) -> Offer:
    given = {
        "host": "here",
        "queues": (Queue.CPU,),
        "slots": 2,
        "memory": 1 << 34,
        "runtimes": tuple(
            RuntimeOffer(format=name, toolchain={name: "1"}) for name in ("keras", "onnx")
        ),
    }
    return Offer(worker=worker, converters=edges or (FIRST, SECOND, SIMPLIFY), **(given | more))


@dataclass
class Rung(Doorbell):
    """Counts instead of ringing: what is woken is not the question here."""

    times: Counter[str] = field(default_factory=Counter)

    def ring(self, bell: str, times: int = 1) -> None:
        self.times[bell] += times

    def check(self) -> None:
        """Nobody is ever away."""


class World:
    """All use cases around the queue; `work()` is a fleet that does everything at once."""

    def __init__(self, url: str, **more: Any) -> None:
        self.database = Database(url)
        self.bell = Rung()
        persistence = Persistence(
            max_attempts=more.get("max_attempts", 3), backoff=more.get("backoff", timedelta(0))
        )
        self.fleet = Workers(self.database, TERM)
        bells = Bells(self.bell, self.fleet)
        self.steps = Steps(self.database, bells, persistence)
        self.jobs = Jobs(self.database, bells, self.fleet)
        self.models = Models(self.database)
        self.submit = Submit(self.jobs, self.models, self.fleet, self.bell)
        self.control = Control(self.jobs, self.fleet, self.bell)
        self.ask = Ask(self.jobs, self.models, self.fleet)
        self.offer = offer()
        self.fleet.announce(self.offer)

    def model(self, tenant: str = "default", label: object = None, format: str = "keras") -> str:
        label = next(_numbers) if label is None else label
        values = {"tenant": tenant, "digest": digest(label), "format": format}
        fresh = insert(ModelRow).values(id=uuid4(), name="m.keras", size=9, **values)
        with self.database.begin() as session:
            session.execute(fresh.on_conflict_do_nothing())
            return str(session.scalars(select(ModelRow.id).filter_by(**values)).one())

    def samples(self, tenant: str = "default") -> str:
        samples = uuid4()
        arrays = [{"name": "x", "dtype": "float32", "shape": [2, 3]}]
        with self.database.begin() as session:
            row = SampleRow(id=samples, tenant=tenant, digest=digest("s"), size=5, arrays=arrays)
            session.add(row)
        return str(samples)

    def job(self, tenant: str = "default", label: object = None, **more: Any) -> JobView:
        """A submitted job: of a model of its own, or of the label's."""
        options = more.pop("options", {})
        (view,), _ = self.submit(
            tenant,
            model_id=self.model(tenant, label) if "model_id" not in more else more.pop("model_id"),
            targets=[Target(format="onnx", options=options)],
            **more,
        )
        return view

    def crowd(self, tenant: str, count: int) -> list[JobView]:
        """So many jobs at once, each of a model of its own."""
        target = Target(format="onnx")
        made = plan("keras", target, self.fleet.roster())
        labels = [(tenant, next(_numbers)) for _ in range(count)]
        models = [self.models.model(tenant, self.model(tenant, each)) for each in labels]
        new = [NewJob(model, target, made, 5, None, str(uuid4())) for model in models]
        return self.jobs.submit(tenant, new, None)[0]

    def claim(self, worker: str = "one", term: timedelta = TERM) -> Claimed | None:
        return self.steps.claim(worker, self.offer.capabilities, Queue.CPU, term)

    def claimed(self, worker: str = "one", term: timedelta = TERM) -> Claimed:
        claimed = self.claim(worker, term)
        assert claimed is not None
        return claimed

    def settle(self, claimed: Claimed, outcome: Outcome | None = None) -> None:
        done = outcome if outcome is not None else success(claimed)
        self.steps.settle(claimed, done, USAGE, self.offer)

    def work(self, most: int = 10_000) -> list[Claimed]:
        """Do what there is; every step succeeds."""
        done = []
        while len(done) < most and (claimed := self.claim()) is not None:
            self.settle(claimed)
            done.append(claimed)
        return done

    def show(self, job: JobView | str, tenant: str = "default") -> JobView:
        return self.ask.job(tenant, job if isinstance(job, str) else job.id)

    def kinds(self, job: JobView) -> list[str]:
        return [each.kind for each in self.ask.events(job.tenant, job.id)]

    def age(self, seconds: float) -> None:
        """As if all leases and pauses were given so much earlier."""
        with self.database.begin() as session:
            session.execute(
                text(
                    "UPDATE steps SET lease_expires = lease_expires - make_interval(secs => :s),"
                    " not_before = not_before - make_interval(secs => :s),"
                    " ready_at = ready_at - make_interval(secs => :s)"
                ),
                {"s": seconds},
            )

    def deadlocks(self) -> int:
        with self.database.begin() as session:
            session.execute(text("SELECT pg_stat_force_next_flush()"))
            query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            return int(session.execute(text(query)).scalar_one())


@contextmanager
def world(url: str, **more: Any) -> Iterator[World]:
    made = World(url, **more)
    try:
        yield made
    finally:
        made.database.close()


def success(claimed: Claimed) -> Outcome:
    """What a step gives when all is well: the same for the same inputs."""
    match claimed.action:
        case Inspect():
            signature = {"inputs": [], "outputs": []}
            report = {"format": claimed.action.format, "signature": signature, "parameters": 3}
            return Produced(None, report)
        case Convert():
            return _written(claimed, claimed.action)
        case Check():
            return Produced(None, {"coverage": COVERED})
        case Verify():
            return Agreed({"worst": 0.0})


def _written(claimed: Claimed, action: Convert) -> Produced:
    """An engine is another one on another kind of GPU, and says what it was built on."""
    source = claimed.inputs["source"]
    kind = claimed.gpu.kind if claimed.gpu else ""
    label = (action.model_dump_json(exclude={"needs"}), source.digest, kind)
    artifact = Artifact(digest=digest(label), format=action.target, size=7)
    if not action.target.startswith("tensorrt"):
        return Produced(artifact, {})
    manifest = {
        "format": action.target,
        "digest": artifact.digest,
        "size": artifact.size,
        "library": "11.4.0.106",
        "gpu": claimed.gpu.model_dump() if claimed.gpu else None,
        "precision": "fp32",
        "inputs": [],
        "outputs": [],
        "source": source.digest,
    }
    return Produced(artifact, {"manifest": manifest, "build": {"seconds": 1.5}})


def refused() -> Refused:
    return Refused(UnsupportedOperator("No.", node="n", operator="Erfc").fault)


def broke() -> Broke:
    return Broke(Crashed("It died.").fault)


def disagreed() -> Disagreed:
    return Disagreed(AccuracyMismatch("They differ.").fault, {"worst": 1.0})
