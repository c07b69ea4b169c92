"""Nobody sees another's things."""

import httpx

from tests.functional.test_api_jobs import ask, asked
from tests.functional.test_api_problems import held
from tests.functional.test_api_uploads import opened, send
from tests.support import files
from tests.support.serving import Served


def test_everything_of_another_is_404(client: httpx.Client, api: Served, tenant: str) -> None:
    import numpy as np

    data = files.program(tenant)
    model = send(client, data, "m.pt2").json()
    job = asked(client, model["id"])
    upload = opened(client, data)
    samples = client.post("/v1/samples", content=files.samples(x=np.zeros(3))).json()
    with api.client(f"{tenant}-other") as stranger:
        for method, path in (
            ("GET", f"/v1/models/{model['id']}"),
            ("GET", f"/v1/artifacts/{model['digest']}"),
            ("GET", f"/v1/jobs/{job['id']}"),
            ("GET", f"/v1/jobs/{job['id']}?wait=5"),
            ("GET", f"/v1/jobs/{job['id']}/events"),
            ("GET", f"/v1/jobs/{job['id']}/logs"),
            ("POST", f"/v1/jobs/{job['id']}/cancel"),
            ("POST", f"/v1/jobs/{job['id']}/retry"),
            ("GET", f"/v1/uploads/{upload['id']}"),
            ("PUT", f"/v1/uploads/{upload['id']}/parts/1"),
            ("POST", f"/v1/uploads/{upload['id']}/complete"),
            ("DELETE", f"/v1/uploads/{upload['id']}"),
        ):
            held(
                stranger.request(method, path, content=data if method == "PUT" else None),
                404,
                "not_found",
            )
        accept = {"Accept": "text/event-stream"}
        held(stranger.get(f"/v1/jobs/{job['id']}/events", headers=accept), 404, "not_found")
        theirs = ask(stranger, model["id"])
        held(theirs, 404, "not_found")
        assert stranger.get("/v1/models").json()["items"] == []
        assert stranger.get("/v1/jobs").json()["items"] == []

        own = send(stranger, files.program("theirs"), "m.pt2").json()
        body = {
            "model_id": own["id"],
            "targets": [{"format": "onnx"}],
            "samples": samples["id"],
        }
        answer = stranger.post("/v1/jobs", json=body)
        held(answer, 404, "not_found")

        same = send(stranger, data, "mine.pt2")
        assert same.status_code == 201, "that another has the same bytes is not told"
        assert same.json()["id"] != model["id"]
    client.post(f"/v1/jobs/{job['id']}/cancel")


def test_a_key_is_the_tenants_own(client: httpx.Client, api: Served, tenant: str) -> None:
    model = send(client, files.program(tenant), "m.pt2").json()
    first = ask(client, model["id"], key="same")
    with api.client(f"{tenant}-other") as stranger:
        other = send(stranger, files.program(tenant), "m.pt2").json()
        second = ask(stranger, other["id"], key="same")
        assert second.status_code == 201
        assert second.json()["jobs"][0]["id"] != first.json()["jobs"][0]["id"]
        stranger.post(f"/v1/jobs/{second.json()['jobs'][0]['id']}/cancel")
    client.post(f"/v1/jobs/{first.json()['jobs'][0]['id']}/cancel")
