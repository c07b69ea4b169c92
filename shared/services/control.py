"""Control: stop a job, or try it again."""

from shared.domain.plans import Plan
from shared.domain.targets import Target
from shared.domain.views import JobView
from shared.ports import Doorbell, Fleet, JobStore
from shared.services.planning import plan
from shared.services.preflight import plan_check


class Control:
    """What the owner of a job may do to it."""

    def __init__(self, jobs: JobStore, fleet: Fleet, doorbell: Doorbell) -> None:
        self._jobs = jobs
        self._fleet = fleet
        self._doorbell = doorbell

    def cancel(self, tenant: str, job_id: str) -> JobView:
        """Steps that nobody has begun end at once; a running one when its worker hears of it.

        A job that was cancelled never succeeds, even if its last step was about to.

        Raises:
            NotFound: the tenant has no such job.
            JobEnded: it is too late.
        """
        return self._jobs.cancel(tenant, job_id)

    def retry(self, tenant: str, job_id: str) -> JobView:
        """Begin another round of a job that failed or was cancelled, on a new plan.

        Steps whose results are known are not run again.

        Raises:
            NotFound: the tenant has no such job.
            JobNotEnded: it is still under way.
            Conflict: it has succeeded.
            Unplannable: the fleet has changed, and no plan can be made any more.
        """
        job = self._jobs.job(tenant, job_id)
        target = Target(format=job.target, options=job.options)
        again = self._planned(job, target)
        self._doorbell.check()
        return self._jobs.retry(tenant, job_id, again)

    def _planned(self, job: JobView, target: Target) -> Plan:
        # Only a plan whose job brought samples has steps that read them.
        samples = any(step.samples for route in job.plan.routes for step in route.converts)
        make = plan_check if job.purpose == "check" else plan
        return make(job.source, target, self._fleet.roster(), samples=samples)
