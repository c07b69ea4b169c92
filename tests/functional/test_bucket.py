"""The whole service on a bucket: uploads and results go there, downloads come from there."""

import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from modelferry import Modelferry
from modelferry.embedded.service import Service
from tests.conftest import IMPATIENT
from tests.contract.conftest import BUCKET, S3Server, rclone
from tests.support.files import onnx_model

__all__ = ["rclone"]


@pytest.fixture
def on_a_bucket(rclone: S3Server, tmp_path: Path) -> Iterator[str]:
    told = {"MODELFERRY_STORE_URL": f"s3://{BUCKET}/service", **rclone.environment}
    supervisor = Service(tmp_path / "home", {**os.environ, **IMPATIENT, **told})
    supervisor.start()
    yield supervisor.url
    supervisor.stop()


def test_converted_and_downloaded_by_a_signed_url(
    on_a_bucket: str, rclone: S3Server, tmp_path: Path
) -> None:
    source = tmp_path / "scaled.onnx"
    source.write_bytes(onnx_model(3.5))
    with Modelferry(on_a_bucket) as ferry:
        result = ferry.convert(
            source, to="onnx", options={"simplify": True}, output=tmp_path / "slim.onnx"
        )
    assert result.verified
    assert result.path == tmp_path / "slim.onnx"
    output = result.job.output
    assert output
    assert result.path.stat().st_size == output.size

    answer = httpx.get(on_a_bucket + output.url, follow_redirects=False)
    assert answer.status_code == httpx.codes.TEMPORARY_REDIRECT
    signed = answer.headers["Location"]
    assert signed.startswith(rclone.url)
    with urllib.request.urlopen(signed) as body:  # noqa: S310 - our own server's address
        assert body.read() == result.path.read_bytes()
    through_us = httpx.get(on_a_bucket + output.url, params={"redirect": "false"})
    assert through_us.content == result.path.read_bytes()
