"""The one task: someone rang, so look for work until there is none."""

from collections.abc import Sequence

from celery import Celery

from shared.adapters.doorbell import TASK
from shared.domain.errors import DatabaseAway
from shared.domain.offers import Queue
from shared.services.execute import Execute
from shared.telemetry import logger
from workers.doorbells import Answer

log = logger(__name__)


def answer_with(app: Celery, execute: Execute, queues: Sequence[Queue]) -> None:
    """Have the app carry out steps whenever a doorbell rings, of whatever class."""

    @app.task(name=TASK, base=Answer)  # type: ignore[untyped-decorator]  # celery has no types
    def answer() -> None:
        try:
            while any(execute(queue) for queue in queues):
                pass
        except DatabaseAway as error:  # the sweeper rings again when the database is back
            log.warning("nothing_claimed", error=str(error))
