"""Artifacts: whole, in part, or not again."""

from urllib.parse import quote

import httpx
import pytest

from tests.functional.test_api_problems import held
from tests.functional.test_api_uploads import digest, large, send

DATA = large(50)


@pytest.fixture
def address(client: httpx.Client) -> str:
    answer = send(client, DATA, 'naïve "model".onnx')
    assert answer.status_code == 201, answer.text
    return f"/v1/artifacts/{answer.json()['digest']}"


def test_the_whole(client: httpx.Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.content == DATA
    assert answer.headers["etag"] == f'"{digest(DATA)}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(DATA))
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="na_ve _model_')
    assert quote("naïve", safe="") in disposition


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=100000-100000", 100000, 100001),
        (f"bytes={len(DATA) - 5}-", len(DATA) - 5, len(DATA)),
        ("bytes=-7", len(DATA) - 7, len(DATA)),
        (f"bytes=-{len(DATA) * 2}", 0, len(DATA)),
        (f"bytes=10-{len(DATA) * 2}", 10, len(DATA)),
    ],
)
def test_a_range(client: httpx.Client, address: str, wanted: str, start: int, end: int) -> None:
    answer = client.get(address, headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.content == DATA[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    assert answer.headers["etag"] == f'"{digest(DATA)}"'


@pytest.mark.parametrize("ignored", ["bytes=1-2,5-9", "lines=1-2", "bytes=x", "bytes=9-1"])
def test_a_range_that_need_not_be_honoured(
    client: httpx.Client, address: str, ignored: str
) -> None:
    answer = client.get(address, headers={"Range": ignored})
    assert answer.status_code == 200
    assert answer.content == DATA


def test_a_range_behind_the_end(client: httpx.Client, address: str) -> None:
    answer = client.get(address, headers={"Range": f"bytes={len(DATA)}-"})
    held(answer, 416, "range_not_satisfiable", "Range")
    assert answer.headers["content-range"] == f"bytes */{len(DATA)}"


def test_a_range_of_another_version(client: httpx.Client, address: str) -> None:
    same = {"Range": "bytes=0-1", "If-Range": f'"{digest(DATA)}"'}
    other = {"Range": "bytes=0-1", "If-Range": '"sha256:0"'}
    weak = {"Range": "bytes=0-1", "If-Range": f'W/"{digest(DATA)}"'}
    assert client.get(address, headers=same).status_code == 206
    assert client.get(address, headers=other).status_code == 200
    assert client.get(address, headers=weak).status_code == 200


def test_what_is_known_is_not_sent_again(client: httpx.Client, address: str) -> None:
    for known in (f'"{digest(DATA)}"', f'"other", "{digest(DATA)}"', "*"):
        answer = client.get(address, headers={"If-None-Match": known})
        assert answer.status_code == 304
        assert answer.content == b""
        assert answer.headers["etag"] == f'"{digest(DATA)}"'
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_head_only(client: httpx.Client, address: str) -> None:
    answer = client.head(address)
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-length"] == str(len(DATA))
    part = client.head(address, headers={"Range": "bytes=0-9"})
    assert part.status_code == 206
    assert part.headers["content-length"] == "10"
