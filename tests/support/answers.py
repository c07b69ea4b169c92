"""What the service answers, as JSON, for tests of the client."""

from typing import Any

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
        "unverified": None,
        "coverage": None,
        "engine": None,
        "build": None,
        "route": "keras-to-onnx",
        "rejected": [],
        "declined": [],
        "verification": {"cases": [{}, {}], "outputs": [{"max_abs": 1.5e-7}]},
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


def event(seq: int, kind: str = "step.progress", **data: Any) -> dict[str, Any]:
    return {"seq": seq, "kind": kind, "step_id": None, "data": data, "at": MOMENT}
