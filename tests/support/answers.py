"""What the service answers, as JSON, for tests of the client."""

import hashlib
from typing import Any

from modelferry.types import ModelView
from modelferry.wire import read

MOMENT = "2026-11-23T12:00:00Z"


def model(**more: Any) -> dict[str, Any]:
    return {
        "id": "m1",
        "digest": "sha256:" + "0" * 64,
        "format": "keras",
        "name": "model.keras",
        "size": 3,
        "created_at": MOMENT,
        "inspection": None,
        **more,
    }


def fault(code: str, band: str = "yours", **more: str) -> dict[str, Any]:
    return {"code": code, "band": band, "detail": f"It is {code}.", **more}


def step(**more: Any) -> dict[str, Any]:
    return {
        "id": "s1",
        "round": 0,
        "route": -1,
        "position": 0,
        "kind": "inspect",
        "title": "inspect keras",
        "state": "done",
        "progress": None,
        "message": None,
        "attempt": 1,
        "attempts": [],
        "reused": False,
        "output": None,
        "report": None,
        "fault": None,
        "ready_at": MOMENT,
        "started_at": MOMENT,
        "ended_at": MOMENT,
        **more,
    }


def output(digest: str, size: int, filename: str = "model.onnx") -> dict[str, Any]:
    return {
        "digest": digest,
        "format": "onnx",
        "size": size,
        "filename": filename,
        "url": f"/v1/artifacts/{digest}",
    }


def job(state: str = "succeeded", **more: Any) -> dict[str, Any]:
    proof = "verified" if state == "succeeded" else None
    report = {
        "proof": more.get("proof", proof),
        "unverified": more.pop("unverified", None),
        "coverage": more.pop("coverage", None),
        "engine": more.pop("engine", None),
        "build": more.pop("build", None),
        "route": "keras-to-onnx",
        "rejected": [],
        "declined": [],
        "verification": {
            "cases": [{}, {}],
            "outputs": [{"max_abs": 1.5e-7}],
            **({"measured": more.pop("measured")} if "measured" in more else {}),
        },
        "seconds": 2.5,
    }
    return {
        "id": "j1",
        "request": "r1",
        "tenant": "default",
        "model_id": "m1",
        "model_name": "model.keras",
        "source": "keras",
        "target": "onnx",
        "purpose": "convert",
        "options": {},
        "priority": 5,
        "state": state,
        "proof": proof,
        "error": None,
        "progress": 1.0,
        "created_at": MOMENT,
        "started_at": MOMENT,
        "ended_at": MOMENT,
        "plan": {},
        "round": 0,
        "steps": [step()],
        "report": report,
        "output": None,
        "waiting_for": None,
        "last_event": 3,
        **more,
    }


def read_model() -> ModelView:
    return read(ModelView, model())


def manifest(content: bytes, **more: Any) -> dict[str, Any]:
    """Of the engine with that content."""
    return {
        "format": "tensorrt-rtx",
        "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "size": len(content),
        "library": "1.7.1",
        "cuda": "13.0",
        "gpu": None,
        "precision": "fp16",
        "inputs": [{"name": "x", "dtype": "float32", "shape": [None, 4]}],
        "outputs": [{"name": "y", "dtype": "float32", "shape": [None, 3]}],
        "profiles": [{"x": {"min": [1, 4], "opt": [8, 4], "max": [32, 4]}}],
        "source": "sha256:" + "1" * 64,
        **more,
    }


def engine(content: bytes, **more: Any) -> dict[str, Any]:
    return {
        "manifest": manifest(content, **more),
        "model": "sha256:" + "2" * 64,
        "route": "pt2-to-onnx → onnx-to-tensorrt-rtx",
        "verification": None,
    }


def measured() -> dict[str, Any]:
    def size(name: str, batch: int, median: float) -> dict[str, Any]:
        ours = {"median": median, "p99": 2 * median, "throughput": 1000 / median, "runs": 200}
        beside = {"CPUExecutionProvider": ours | {"median": 9.0}}
        beside["CUDAExecutionProvider"] = {"failed": "It does not start here."}
        shapes = {"x": [batch, 4]}
        return {"size": name, "shapes": shapes, "engine": ours, "onnxruntime": beside}

    sizes = [size("min", 1, 0.25), size("opt", 8, 0.5), size("max", 32, 1.25)]
    return {"sizes": sizes, "device_memory": 1 << 29, "device": "NVIDIA L4"}


def coverage(*, supported: bool = False) -> dict[str, Any]:
    gap = {
        "node": "det_0",
        "operator": "Det",
        "version": 11,
        "reason": "There is no importer for it.",
        "hint": "Compute the determinant outside of the model.",
    }
    return {
        "target": "tensorrt-rtx",
        "supported": supported,
        "by": "TensorRT-RTX 1.7.1",
        "nodes": 3,
        "covered": 3 if supported else 2,
        "subgraphs": [{"supported": True, "nodes": ["a", "b"]}],
        "gaps": [] if supported else [gap],
    }


def compared(job: str, **more: Any) -> dict[str, Any]:
    return {
        "job": job,
        "target": "tensorrt",
        "options": {},
        "state": "succeeded",
        "proof": "verified",
        "unverified": None,
        "error": None,
        "waiting_for": None,
        "route": "onnx-to-tensorrt",
        "precision": "fp16",
        "gpu": "NVIDIA L4",
        "size": 1 << 20,
        "build_seconds": 12.5,
        "peak_memory": 1 << 30,
        "peak_device_memory": 1 << 29,
        "largest_error": 1.5e-3,
        "measured": None,
        **more,
    }


def request() -> dict[str, Any]:
    rows = [
        compared("j1", options={"precision": "fp16"}, measured=measured()),
        compared("j2", options={"precision": "int8"}, state="failed", error="bad_samples"),
    ]
    return {"id": "r1", "varied": ["precision"], "jobs": rows}


def gpu() -> dict[str, Any]:
    return {
        "uuid": "GPU-1",
        "name": "NVIDIA L4",
        "compute_capability": "8.9",
        "memory": 22 << 30,
        "driver": "580.95.05",
    }


def worker(**more: Any) -> dict[str, Any]:
    offer = {
        "worker": "w1",
        "host": "here",
        "queues": ["gpu"],
        "slots": 1,
        "memory": 1 << 30,
        "converters": [],
        "runtimes": [{"format": "tensorrt", "queue": "gpu", "toolchain": {"tensorrt": "11.4.0"}}],
        "gpus": [gpu()],
        "missing": ["The RTX library is not there."],
        **more,
    }
    return {
        "id": "w1",
        "offer": offer,
        "online": True,
        "started_at": MOMENT,
        "seen_at": MOMENT,
        "stopped_at": None,
    }


def event(seq: int, kind: str = "step.progress", **data: Any) -> dict[str, Any]:
    return {"seq": seq, "kind": kind, "step_id": None, "data": data, "at": MOMENT}
