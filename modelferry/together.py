"""Together: jobs of one request, waited for at once."""

import time
from collections.abc import Iterator, Sequence
from typing import Final

from modelferry.job import Job

PAUSE: Final = 1.0  # seconds between two looks at all of them


def changes(jobs: Sequence[Job]) -> Iterator[Job]:
    """Each job whenever it has changed, until all have ended; one that has ended last."""
    seen: dict[str, int] = {}
    left = list(jobs)
    while left:
        for job in left:
            job.refresh()
            if seen.get(job.id) != job.view.last_event or job.view.ended:
                seen[job.id] = job.view.last_event
                yield job
        left = [job for job in left if not job.view.ended]
        if left:
            time.sleep(PAUSE)
