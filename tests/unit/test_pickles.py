"""Pickles: what they would import is read, and nothing of them runs."""

import collections
import io
import os
import pickle
import pickletools
from pathlib import Path

import pytest

from shared.domain import pickles
from shared.domain.errors import BadUpload, TruncatedFile


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch exploded",)


def scanned(data: bytes) -> pickles.Pickle:
    found = pickles.scan(io.BytesIO(data))
    assert found is not None
    return found


@pytest.mark.parametrize("protocol", range(6))
def test_imports_are_read_and_not_made(
    protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = scanned(pickle.dumps([collections.OrderedDict(), Bomb()], protocol))
    assert f"{os.system.__module__}.system" in found.names
    assert found.classes == (f"{os.system.__module__}.system",)
    assert list(tmp_path.iterdir()) == []


def test_names_that_come_through_the_memo_are_read() -> None:
    data = pickle.dumps([os.system, os.popen, "system", os.getcwd], 4)
    assert {"posix.system", "os.popen", "posix.getcwd"} <= scanned(data).names


def test_a_name_that_cannot_be_known_is_not_plain() -> None:
    data = b"\x80\x04]\x94]\x94\x93."
    assert scanned(data).classes == ("?.?",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_without_end_is_truncated(protocol: int) -> None:
    data = pickle.dumps({"a": [1, 2.0, "three"], "b": b"four" * 100}, protocol)
    for cut in range(2, len(data)):
        with pytest.raises(TruncatedFile):
            pickles.scan(io.BytesIO(data[:cut]))


def test_what_is_no_pickle_is_none() -> None:
    assert pickles.scan(io.BytesIO(b"\x80\x02\xff\xff")) is None


def test_an_enormous_pickle_is_refused() -> None:
    data = pickletools.optimize(pickle.dumps(bytes(65 << 20), 4))
    with pytest.raises(BadUpload, match="larger"):
        pickles.scan(io.BytesIO(data))
