"""Models of tables: recognised by their bytes, and what is near them named."""

import io
import json
import pickle
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import BadUpload, PickledModule, TruncatedFile, UnknownFormat
from shared.domain.formats import LIGHTGBM, SKOPS, XGBOOST
from shared.domain.recognition import recognise

UBJ = b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner{L\x00\x00\x00\x00\x00\x00\x00\x0aattributes"
OLD = b"\x00" * 136 + (15).to_bytes(8, "little") + b"binary:logistic" + b"\x00" * 64
STABLEHLO = (
    b"\x3c\x00\x00\x00\x38\x00\x60\x00" + b"\x00" * 290 + b"ML\xefR\x01StableHLO_v1.9.0\x00"
)


def told(data: bytes):
    return recognise(io.BytesIO(data), said=None, name="file").format


def zipped(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("_json", ".json"), text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (b'{"learner":{"attributes":{}},"version":[3,2,0]}', XGBOOST),
        (b'{\n  "version": [3, 2, 0],\n  "learner": {}}', XGBOOST),
        (UBJ, XGBOOST),
        (b"tree\nversion=v4\nnum_class=1\n", LIGHTGBM),
        (b"tree\r\nversion=v4\r\nnum_class=1\r\n", LIGHTGBM),
        (zipped(schema_json=json.dumps({"__class__": "SVC", "_skops_version": "0.16"})), SKOPS),
    ],
)
def test_models_of_tables_are_told_by_their_bytes(data, format):
    assert told(data) == format


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"tree\nvers", TruncatedFile, "first lines"),
        (OLD, UnknownFormat, "model.json"),
        (b"binf" + OLD, UnknownFormat, "model.json"),
        (b'[{"nodeid": 0, "depth": 0}]', UnknownFormat, "model.json"),
        (b'{"name":"tree","version":"v4"}', UnknownFormat, "model.txt"),
        (b'{"hello": 1}', UnknownFormat, "Accepted are"),
        (zipped(schema_json="{}"), UnknownFormat, "no model"),
        (STABLEHLO, UnknownFormat, "jax.export"),
        (STABLEHLO[298:], UnknownFormat, "StableHLO"),
    ],
)
def test_what_is_near_them_says_what_to_send(data, error, says):
    with pytest.raises(error, match=says):
        told(data)


@pytest.mark.parametrize("library", ["sklearn", "xgboost", "lightgbm"])
@pytest.mark.parametrize("pack", [bytes, zlib.compress])
def test_pickles_of_tables_are_refused_with_what_to_save_instead(library, pack):
    name = f"{library}.ensemble"
    data = pickle.PROTO + b"\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00\x8c" + bytes([len(name)])
    with pytest.raises(PickledModule, match=r"skops\.io\.dump|save_model"):
        told(pack(data + name.encode() + b"\x94" + b"\x00" * 40))


@given(
    st.binary(max_size=400), st.sampled_from([b"{", b"tree\n", UBJ[:10], b"\x78\x9c", b"ML\xefR"])
)
def test_nothing_that_starts_alike_is_more_than_refused(rest, start):
    try:
        told(start + rest)
    except BadUpload:
        return


@given(st.integers(0, len(UBJ) - 1))
def test_a_model_cut_short_is_recognised_or_refused(length):
    try:
        assert told(UBJ[:length]) == XGBOOST
    except BadUpload:
        return
