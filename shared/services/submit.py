"""Submit: plan what was asked for, and write it down."""

import hashlib
import json
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from shared.domain.errors import BadRequest, InvalidSchema
from shared.domain.targets import Target
from shared.domain.views import JobView
from shared.ports import Doorbell, Fleet, JobStore, KeyedRequest, ModelStore, NewJob
from shared.services.planning import plan

LONGEST_KEY: Final = 255
PRIORITIES: Final = range(10)


class Submit:
    """One model to one or more targets, a job each."""

    def __init__(
        self, jobs: JobStore, models: ModelStore, fleet: Fleet, doorbell: Doorbell
    ) -> None:
        self._jobs = jobs
        self._models = models
        self._fleet = fleet
        self._doorbell = doorbell

    def __call__(
        self,
        tenant: str,
        *,
        model_id: str,
        targets: Sequence[Target],
        priority: int = 5,
        samples: str | None = None,
        key: str | None = None,
    ) -> tuple[list[JobView], bool]:
        """The jobs in the order of their targets; False if the key had made them before.

        `priority` runs from 0 to 9, the highest first. `samples` is the id of an .npz of this
        tenant's.

        Raises:
            NotFound: the tenant has no such model or samples.
            Unplannable: its subclasses say why no plan could be made.
            KeyReused: the key stands for another request.
            BrokerAway, DatabaseAway: nothing was accepted; try again later.
        """
        _check(targets, priority, key)
        request = _keyed(key, model_id, targets, priority, samples)
        if request is not None:
            earlier = self._jobs.earlier(tenant, request)
            if earlier is not None:
                return earlier, False
        model = self._models.model(tenant, model_id)
        given = self._models.samples(tenant, samples) if samples is not None else None
        roster = self._fleet.roster()
        together = str(uuid4())
        jobs = [
            NewJob(model, target, plan(model.format, target, roster), priority, given, together)
            for target in targets
        ]
        self._doorbell.check()
        return self._jobs.submit(tenant, jobs, request)


def _check(targets: Sequence[Target], priority: int, key: str | None) -> None:
    if not targets:
        raise InvalidSchema("Name at least one target.", field="targets")
    if priority not in PRIORITIES:
        raise InvalidSchema("priority must be an integer from 0 to 9.", field="priority")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise BadRequest(
            f"An Idempotency-Key is 1 to {LONGEST_KEY} printable characters.",
            field="Idempotency-Key",
        )


def _keyed(
    key: str | None,
    model_id: str,
    targets: Sequence[Target],
    priority: int,
    samples: str | None,
) -> KeyedRequest | None:
    """The key with a digest of what was meant: the order of options, say, means nothing."""
    if key is None:
        return None
    meant = {
        "model": model_id.lower(),
        "targets": [target.model_dump() for target in targets],
        "priority": priority,
        "samples": samples,
    }
    text = json.dumps(meant, sort_keys=True, separators=(",", ":"))
    return KeyedRequest(key, hashlib.sha256(text.encode()).hexdigest())
