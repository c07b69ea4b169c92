"""A fuzzer reads the OpenAPI document and tries to catch the running service lying."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.functional.test_api_jobs import ask
from tests.functional.test_api_uploads import send
from tests.support import files
from tests.support.serving import TENANT, Served

SECONDS = 150
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,unsupported_method"
)


def test_no_5xx_and_no_undocumented_answer(
    api: Served, client: httpx.Client, tenant: str, tmp_path: Path
) -> None:
    """A job that has ended is looked at, so that its streams end; another is tried again.

    Each long poll waits for a moment, so that hand-overs are among what is tried.
    """
    model = send(client, files.program(tenant), "m.pt2").json()["id"]
    first, second = (ask(client, model).json()["jobs"][0] for _ in range(2))
    ended, other = first["id"], second["id"]
    for job in (ended, other):
        client.post(f"/v1/jobs/{job}/cancel")
    upload = client.post("/v1/uploads", json={"name": "m", "size": 1 << 17}).json()["id"]
    config = tmp_path / "schemathesis.toml"
    config.write_text(
        f"""
        [parameters]
        "path.job_id" = "{ended}"
        "path.model_id" = "{model}"
        "path.upload_id" = "{upload}"
        "path.request_id" = "{first["request"]}"
        "query.wait" = 0.05

        [[operations]]
        include-name = "POST /v1/jobs/{{job_id}}/retry"

        [operations.parameters]
        "path.job_id" = "{other}"
        """
    )
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={config}",
            "run",
            f"{api.url}/openapi.json",
            f"--header={TENANT}: {tenant}",
            f"--checks={CHECKS}",
            "--phases=examples,coverage,fuzzing",
            "--mode=all",
            "--max-examples=60",
            "--seed=20261123",
            "--generation-database=none",
            "--workers=1",  # with two, ast.parse of Python 3.11 fails now and then (SystemError)
            "--request-timeout=30",
            "--no-color",
        ],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS * 4,
    )
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-2000:]
