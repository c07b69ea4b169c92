"""The process itself: what it prints, how it stops, and that its documents are the code's."""

import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from api.app import bare_app
from api.describe import FILE
from api.openapi import document, written
from shared.domain.errors import every_error
from tests.support.serving import ROOT, Served, environment, serving


def test_the_written_document_is_the_codes() -> None:
    assert FILE.read_text() == written(document(bare_app())), "run `python -m api.describe`"


def test_the_document_is_openapi_3_1(client: httpx.Client) -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator

    served = client.get("/openapi.json").json()
    OpenAPIV31SpecValidator(served).validate()
    assert served["openapi"].startswith("3.1")
    operations = [each for path in served["paths"].values() for each in path.values()]
    assert all(each["summary"] for each in operations)
    assert len({each["operationId"] for each in operations}) == len(operations)


def test_the_docs_page_needs_no_network(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page.text)
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page.text
    assert all(f'id="{error.code}"' in page.text for error in every_error())


def test_all_that_it_prints_are_records(api: Served, client: httpx.Client, tenant: str) -> None:
    client.get("/v1/jobs", headers={"X-Request-Id": tenant})
    records = api.records()
    assert all("event" in record and "level" in record for record in records)
    own = next(record for record in records if record.get("request_id") == tenant)
    assert (own["event"], own["method"], own["path"], own["status"]) == (
        "request",
        "GET",
        "/v1/jobs",
        200,
    )


def test_it_is_ready(client: httpx.Client) -> None:
    answer = client.get("/readyz")
    assert answer.json() == {
        "ready": True,
        "parts": {"database": None, "broker": None, "store": None},
    }


def test_it_stops_within_five_seconds(api: Served, tmp_path: Path) -> None:
    with serving(api.settings, tmp_path) as served:
        where = urlsplit(served.url)
        idle = socket.create_connection((where.hostname or "", where.port or 0))
        with served.client("t") as client:
            assert client.get("/healthz").status_code == 200
            began = time.monotonic()
            assert served.stop() == 0
            assert time.monotonic() - began < 5
        idle.close()


def test_a_wrong_setting_is_named(api: Served) -> None:
    variables = {**environment(api.settings), "MODELFERRY_API_THREADS": "none"}
    done = subprocess.run(
        [sys.executable, "-m", "api"],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "MODELFERRY_API_THREADS" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_document_shows_problems_as_they_are(client: httpx.Client) -> None:
    answers = client.get("/openapi.json").json()["paths"]["/v1/jobs"]["post"]["responses"]
    refused = answers["422"]["content"]["application/problem+json"]["examples"]
    assert {"invalid_request", "unknown_target", "invalid_options", "no_route"} <= set(refused)
    assert "Retry-After" in answers["503"]["headers"]
    assert json.dumps(answers).count("X-Request-Id") == len(answers)
