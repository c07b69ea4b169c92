"""Submit: plan what was asked for, and write it down."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

from shared.domain.artifacts import Artifact
from shared.domain.errors import BadRequest, InvalidOptions, InvalidSchema, NotFound, Yours
from shared.domain.jobs import TEMPLATE
from shared.domain.targets import Target
from shared.domain.views import JobView, ModelView, SamplesView
from shared.ports import Doorbell, Fleet, JobStore, KeyedRequest, ModelStore, NewJob
from shared.services.combining import combined
from shared.services.including import included
from shared.services.planning import plan
from shared.services.preflight import plan_check

LONGEST_KEY: Final = 255
LONGEST_ID: Final = 100
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

        A target with a matrix is a job for each combination of its values. All jobs of one
        call share a request. `priority` runs from 0 to 9, the highest first. `samples` is the
        id of an .npz of this tenant's.

        Raises:
            NotFound: the tenant has no such model or samples.
            InvalidSchema: no target, too many, or a matrix that is none.
            Unplannable: its subclasses say why no plan could be made, and for which combination.
            InvalidOptions: also where the tenant has no such model as the template is said to be.
            UnsupportedPrecision: the GPU that was asked for does not compute in the precision.
            KeyReused: the key stands for another request.
            BrokerAway, DatabaseAway: nothing was accepted; try again later.
        """
        _check(targets, priority, key)
        request = _keyed(key, model_id, targets, priority, samples)
        if request is not None:
            earlier = self._jobs.earlier(tenant, request)
            if earlier is not None:
                return earlier, False
        wanted = combined(targets)
        model, given = self._materials(tenant, model_id, samples)
        roster = self._fleet.roster()
        together = str(uuid4())
        jobs = []
        for target, words in wanted:
            with _naming(words):
                meant, template = self._filled(tenant, target)
                made = plan(model.format, meant, roster, samples=given is not None)
                extras = (*template, *included(self._jobs, tenant, made.target, target.options))
            jobs.append(NewJob(model, target, made, priority, given, together, extras))
        self._doorbell.check()
        return self._jobs.submit(tenant, jobs, request)

    def check(
        self,
        tenant: str,
        *,
        model_id: str,
        target: Target,
        samples: str | None = None,
        priority: int = 5,
    ) -> JobView:
        """A job that finds out what the target covers of the model, and builds nothing.

        Raises:
            NotFound: the tenant has no such model or samples.
            InvalidSchema: the target has a matrix.
            Unplannable: as with a conversion; or no worker can check such a target.
            BrokerAway, DatabaseAway: nothing was accepted; try again later.
        """
        _check([target], priority, None)
        if target.matrix:
            raise InvalidSchema(
                "A check takes one combination of options, and no matrix.", field="matrix"
            )
        model, given = self._materials(tenant, model_id, samples)
        meant, extras = self._filled(tenant, target)
        made = plan_check(model.format, meant, self._fleet.roster(), samples=given is not None)
        self._doorbell.check()
        job = NewJob(model, target, made, priority, given, str(uuid4()), extras)
        return self._jobs.submit(tenant, [job], None)[0][0]

    def _materials(
        self, tenant: str, model_id: str, samples: str | None
    ) -> tuple[ModelView, SamplesView | None]:
        model = self._models.model(tenant, model_id)
        return model, self._models.samples(tenant, samples) if samples is not None else None

    def _filled(self, tenant: str, target: Target) -> tuple[Target, tuple[Artifact, ...]]:
        """The target with its template named by format, as plans have it, and the template.

        Raises:
            InvalidOptions: the tenant has no such model.
        """
        named = target.options.get(TEMPLATE)
        if named is None:
            return target, ()
        try:
            model = self._models.model(tenant, str(named))
        except NotFound:
            raise InvalidOptions(
                f"{TEMPLATE} names {str(named)[:LONGEST_ID]!r}, and there is no such model. Upload"
                " the model that the weights are to be put into, and give its id.",
                field=f"options.{TEMPLATE}",
            ) from None
        options = target.options | {TEMPLATE: model.format}
        artifact = Artifact(digest=model.digest, format=model.format, size=model.size)
        return Target(format=target.format, options=options), (artifact,)


@contextmanager
def _naming(combination: str | None) -> Iterator[None]:
    """Say of which combination an error is."""
    try:
        yield
    except Yours as error:
        if combination is None:
            raise
        fault = error.fault
        raise type(error)(
            f"With {combination}: {fault.detail}",
            field=fault.field,
            node=fault.node,
            operator=fault.operator,
        ) from error


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
        "targets": [_meant(target) for target in targets],
        "priority": priority,
        "samples": samples,
    }
    text = json.dumps(meant, sort_keys=True, separators=(",", ":"))
    return KeyedRequest(key, hashlib.sha256(text.encode()).hexdigest())


def _meant(target: Target) -> dict[str, Any]:
    """Without a matrix as it was before there were any: keys outlive an upgrade."""
    return target.model_dump(exclude=None if target.matrix else {"matrix"})
