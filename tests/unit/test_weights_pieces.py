"""Arrays taken apart, and cast without a loss that nobody asked for."""

import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from shared.domain.errors import InvalidModel, StepRefused
from workers.weights import safetensors_files
from workers.weights.dtypes import cast
from workers.weights.pieces import pieces, raw
from workers.weights.sections import Section
from workers.weights.zip_sums import mend


@given(array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5), st.integers(1, 200))
def test_the_pieces_together_are_the_array(shape: tuple[int, ...], most: int) -> None:
    whole = np.arange(np.prod(shape, dtype=int), dtype=np.int16).reshape(shape[::-1]).T
    again = np.full(shape, -1, np.int16)
    written = b""
    for place, piece in pieces("x", whole, "int16", most):
        assert piece.flags.c_contiguous
        assert piece.nbytes <= max(most, 2)
        again[place] = piece
        written += raw(piece)
    assert np.array_equal(again, whole)
    assert written == whole.tobytes()


@pytest.mark.parametrize(
    ("value", "source", "target"),
    [
        (70000.0, "float32", "float16"),
        (1e300, "float64", "float32"),
        (500.0, "float32", "float8_e4m3fn"),
        (3e38, "float32", "float16"),
        (1 << 40, "int64", "int32"),
        (-1, "int64", "uint8"),
        (1, "int64", "float32"),
        (1.0, "float32", "int64"),
        (1.0, "complex64", "float32"),
        (True, "bool", "float32"),
    ],
)
def test_what_the_type_cannot_hold_is_refused_by_name(
    value: Any, source: str, target: str
) -> None:
    with pytest.raises(StepRefused, match=r"'encoder\.weight'") as caught:
        cast("encoder.weight", np.array([0, value], source), target)
    assert caught.value.fault.node == "encoder.weight"


@pytest.mark.parametrize(
    ("source", "target"),
    [("float64", "float32"), ("float32", "bfloat16"), ("int64", "int32"), ("float16", "float64")],
)
def test_what_it_can_hold_is_cast(source: str, target: str) -> None:
    result = cast("x", np.array([0, 1, -2], source), target)
    assert result.dtype.name == target
    assert list(result.astype(np.float64)) == [0, 1, -2]


def test_infinities_that_were_there_may_stay() -> None:
    given = np.array([np.inf, -np.inf, np.nan, 1], np.float32)
    result = cast("mask", given, "float16")
    assert np.array_equal(result, given.astype(np.float16), equal_nan=True)
    halves = cast("mask", given, "bfloat16")
    assert halves.dtype == ml_dtypes.bfloat16


@given(st.lists(st.integers(0, 6), max_size=4), st.lists(st.integers(0, 9), max_size=4))
def test_a_section_knows_where_it_ends(shape: list[int], strides: list[int]) -> None:
    size = min(len(shape), len(strides))
    section = Section(Path(), 3, "int32", tuple(shape[:size]), tuple(strides[:size]))
    reached = [
        sum(int(at) * step for at, step in zip(index, strides, strict=False))
        for index in np.ndindex(section.shape)
    ]
    assert section.end == 3 + (4 * (max(reached) + 1) if reached else 0)


@given(st.binary(max_size=60))
def test_no_bytes_of_a_header_surprise_the_reader(
    tmp_path_factory: pytest.TempPathFactory, body: bytes
) -> None:
    path = tmp_path_factory.mktemp("headers") / "x.safetensors"
    path.write_bytes(len(body).to_bytes(8, "little") + body)
    with suppress(InvalidModel):
        assert not safetensors_files.locate(path).sections


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [-2], "data_offsets": [0, -8]},
        {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]},
        {"dtype": "Q7", "shape": [2], "data_offsets": [0, 8]},
        {"shape": [2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": 2, "data_offsets": [0, 8]},
        17,
    ],
)
def test_a_header_that_lies_is_refused_by_the_tensors_name(tmp_path: Path, entry: Any) -> None:
    header = json.dumps({"layer.weight": entry}).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(InvalidModel, match=r"'layer\.weight'"):
        safetensors_files.locate(path)


def test_a_member_written_over_has_the_right_checksum_again(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a", "longer/name", "c"):
            archive.writestr(name, name.encode() * 100)
        archive.comment = b"said"
    at = path.read_bytes().index(b"longer/name" * 3) + len("longer/name")
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"other bytes")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() == "longer/name"
    mend(path, [at])
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.read("longer/name").startswith(b"other bytes")
