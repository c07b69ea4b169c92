"""GPUs without any: devices that are only announced, and jobs whose steps need one."""

from typing import Any
from uuid import uuid4

from shared.domain.artifacts import Artifact
from shared.domain.gpus import ANY, GIB, Gpu, Needs
from shared.domain.offers import Offer, Queue, RuntimeOffer
from shared.domain.plans import Check, Convert, Inspect, Plan, Route, Verify
from shared.domain.targets import Target
from shared.domain.views import JobView
from shared.ports import Claimed, NewJob
from tests.support.queue import TERM, World, digest, edge, offer

BUILD = edge("onnx-to-tensorrt", "onnx", "tensorrt", queue=Queue.GPU, properties={})
ON_GPU = RuntimeOffer(format="tensorrt", queue=Queue.GPU, toolchain={"tensorrt": "11"})
ON_CPU = RuntimeOffer(format="onnx", toolchain={"onnx": "1"})


def device(name: str, capability: str, memory: int, uuid: str | None = None) -> Gpu:
    """`memory` in GiB."""
    return Gpu(
        uuid=uuid or f"GPU-{uuid4()}",
        name=name,
        compute_capability=capability,
        memory=memory * GIB,
        driver="580.65.06",
    )


H100 = device("NVIDIA H100 80GB HBM3", "9.0", 80, "GPU-h100")
H200 = device("NVIDIA H200", "9.0", 139, "GPU-h200")
L4 = device("NVIDIA L4", "8.9", 22, "GPU-l4")
V100 = device("Tesla V100-SXM2-16GB", "7.0", 16, "GPU-v100")


def gpu_offer(worker: str, *gpus: Gpu, **more: Any) -> Offer:
    """A worker with these devices that builds engines and runs them."""
    given = {
        "queues": (Queue.GPU,),
        "gpus": gpus,
        "slots": 1,
        "runtimes": (ON_CPU, ON_GPU),
    }
    return offer(worker, BUILD, **(given | more))


def build(needs: Needs = ANY, **more: Any) -> Convert:
    given = {"options": {}, "toolchain": BUILD.toolchain, "queue": Queue.GPU}
    return Convert(
        converter=BUILD.name,
        version=1,
        source="onnx",
        target="tensorrt",
        needs=needs,
        **(given | more),
    )


def engine_plan(needs: Needs = ANY, **more: Any) -> Plan:
    """Inspect, build, verify; `check` comes before the build where there is one."""
    verify = Verify(reference="onnx", candidate="tensorrt", queue=Queue.GPU, toolchain={})
    convert = build(needs, options=more.get("options", {}))
    route = Route(converts=(convert,), check=more.get("check"), verify=more.get("verify", verify))
    return Plan(
        source="onnx",
        target="tensorrt",
        inspect=Inspect(format="onnx", toolchain={"onnx": "1"}),
        routes=(route,),
    )


def checked(*, binding: bool = True, before: int = 0) -> Check:
    return Check(
        source="onnx",
        target="tensorrt",
        version=1,
        before=before,
        binding=binding,
        toolchain={"parser": "1"},
    )


def submit(queue: World, *plans: Plan, tenant: str = "default", **more: Any) -> list[JobView]:
    """A job for each plan, all of one request and one model."""
    label = more.get("label")
    model = queue.models.model(tenant, queue.model(tenant, label, format=plans[0].source))
    request = more.get("request") or str(uuid4())
    extras = more.get("extras", ())
    new = [
        NewJob(
            model=model,
            target=Target(format=each.target),
            plan=each,
            priority=more.get("priority", 5),
            samples=None,
            request=request,
            extras=extras,
        )
        for each in plans
    ]
    return queue.jobs.submit(tenant, new, None)[0]


def ready(queue: World, needs: Needs = ANY, **more: Any) -> JobView:
    """A job whose engine is to be built next."""
    options = {"options": more.pop("options", {})}
    (job,) = submit(queue, engine_plan(needs, **options), **more)
    while (claimed := queue.claim()) is not None:
        queue.settle(claimed)
    return queue.show(job, job.tenant)


def claim_on(queue: World, gpu: Gpu, worker: str = "g") -> Claimed | None:
    capabilities = gpu_offer(worker, gpu).capabilities
    return queue.steps.claim(worker, capabilities, Queue.GPU, TERM, gpu)


def claimed_on(queue: World, gpu: Gpu, worker: str = "g") -> Claimed:
    claimed = claim_on(queue, gpu, worker)
    assert claimed is not None
    return claimed


def work_on(queue: World, gpu: Gpu, most: int = 10_000) -> list[Claimed]:
    """Do what there is for this device; every step succeeds."""
    done = []
    while len(done) < most and (claimed := claim_on(queue, gpu)) is not None:
        queue.settle(claimed)
        done.append(claimed)
    return done


def artifact(label: object, format: str = "onnx") -> Artifact:
    return Artifact(digest=digest(label), format=format, size=7)
