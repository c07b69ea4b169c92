"""Npz: arrays are known by their headers, and what is no array of numbers is refused."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import BadSamples, EmptyFile, FerryError, TruncatedFile
from shared.domain.npz import read_arrays
from shared.domain.views import ArrayView

LIMIT = 1 << 30


def saved(**arrays: object) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def read(data: bytes) -> tuple[ArrayView, ...]:
    return read_arrays(io.BytesIO(data), LIMIT)


@pytest.mark.parametrize(
    "dtype",
    [
        "float16",
        "float32",
        "float64",
        "int8",
        "uint8",
        "int32",
        "int64",
        "bool",
        "complex64",
        ">f4",
    ],
)
def test_arrays_are_read_as_numpy_names_them(dtype: str) -> None:
    (view,) = read(saved(x=np.zeros((5, 2), dtype)))
    assert view == ArrayView(name="x", dtype=np.dtype(dtype).name, shape=(5, 2))


def test_compressed_and_fortran_arrays_are_read() -> None:
    out = io.BytesIO()
    array = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    np.savez_compressed(out, **{"a/b:0": array, "a/B:0": array})
    assert [view.name for view in read(out.getvalue())] == ["a/b:0", "a/B:0"]


@pytest.mark.parametrize(
    "array",
    [
        np.array([{"a": 1}], dtype=object),
        np.array(["text"]),
        np.array([b"bytes"]),
        np.zeros(3, dtype=[("a", "f4")]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.float32(1),
        np.zeros((0, 4), np.float32),
    ],
)
def test_other_arrays_are_refused(array: object) -> None:
    with pytest.raises(BadSamples):
        read(saved(x=array))


def test_other_files_are_refused() -> None:
    with pytest.raises(EmptyFile):
        read(b"")
    with pytest.raises(BadSamples, match=r"numpy\.savez"):
        read(b"\x93NUMPY")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.npy", b"no array")
    with pytest.raises(BadSamples):
        read(out.getvalue())


def test_a_cut_file_is_called_truncated() -> None:
    data = saved(x=np.arange(1000.0))
    for cut in range(4, len(data), 97):
        with pytest.raises(TruncatedFile):
            read(data[:cut])


def test_an_array_shorter_than_its_header_says_is_called_truncated() -> None:
    one = io.BytesIO()
    np.save(one, np.arange(1000.0))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.npy", one.getvalue()[:-8])
    with pytest.raises(TruncatedFile):
        read(out.getvalue())


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x93NUMPY\x01\x00\x76\x00"]))
def test_no_member_raises_anything_but_our_errors(data: bytes, head: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x.npy", head + data)
    with pytest.raises(FerryError):
        read(out.getvalue())
