"""Two hundred jobs from twenty clients at once: all end, none twice, in a fair order."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from modelferry import Modelferry
from modelferry.job import Job
from tests.conftest import Running
from tests.support.files import onnx_model

CLIENTS = 20
PATIENCE = 600  # seconds; a bound against hanging, not a measurement
GREEDY, MODEST = 15, 5  # jobs of each client, by tenant; as many clients each


def submit(url: str, client: int) -> list[Job]:
    import onnx

    tenant, count = ("greedy", GREEDY) if client % 2 else ("modest", MODEST)
    ferry = Modelferry(url, tenant=tenant)
    scales = [1 + client / 32 + number / 1024 for number in range(count)]
    models = [ferry.upload(onnx.load_from_string(onnx_model(scale))) for scale in scales]
    return [ferry.submit(model, to="onnx", options={"simplify": True}) for model in models]


def test_all_end_once_and_in_a_fair_order(service: Running) -> None:
    with ThreadPoolExecutor(CLIENTS) as clients:
        batches = clients.map(lambda client: submit(service.url, client), range(CLIENTS))
        jobs = [job for batch in batches for job in batch]
    assert len({job.id for job in jobs}) == 200

    for job in jobs:
        view = job.wait(timeout=PATIENCE)
        assert view.report.proof == "verified"
        kinds = Counter(event.kind for event in job.events())
        assert kinds["step.done"] == len(view.steps) == 3
        assert kinds["job.succeeded"] == 1
        assert all(len(step.attempts) == 1 for step in view.steps)

    all_in = max(job.view.created_at for job in jobs)
    order = [
        job.view.tenant
        for job in sorted(jobs, key=lambda job: job.view.ended_at)
        if job.view.ended_at > all_in
    ]
    last_modest = max(place for place, tenant in enumerate(order) if tenant == "modest")
    ahead = Counter(order[: last_modest + 1])
    assert ahead["greedy"] <= ahead["modest"] + CLIENTS, (
        "the modest tenant waited behind the greedy one's backlog"
    )
