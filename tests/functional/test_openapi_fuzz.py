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
    """Long waits are left out by a deadline on `wait`, not by a gap in what is tried."""
    model = send(client, files.program(tenant), "m.pt2").json()["id"]
    job = ask(client, model).json()["jobs"][0]["id"]
    config = tmp_path / "schemathesis.toml"
    config.write_text(
        f"""
        [parameters]
        "path.job_id" = "{job}"
        "path.model_id" = "{model}"
        "query.wait" = 0
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
            "--max-examples=12",
            "--seed=20261123",
            "--generation-database=none",
            "--workers=2",
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
