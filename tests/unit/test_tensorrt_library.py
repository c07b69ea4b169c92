"""Where the libraries are found, and what is said where they are not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.domain.errors import LibraryMissing
from workers.tensorrt_bridge import build
from workers.tensorrt_bridge.folder import MARK, default_folder
from workers.tensorrt_bridge.library import VARIABLES, load
from workers.tensorrt_bridge.timing import summary
from workers.tensorrt_bridge.writing import stream

ROOT = Path(__file__).resolve().parents[2]


def asked(name, **variables):
    """The probe's answer in a process without any variable but those."""
    command = (sys.executable, "-P", "-m", "workers.tensorrt_bridge.probe", name)
    done = subprocess.run(
        command, env=variables, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_probe_finds_what_was_made_without_any_variable():
    answer = asked("tensorrt-rtx")
    assert answer["version"].startswith("1.")
    assert answer["title"] == f"TensorRT-RTX {'.'.join(answer['version'].split('.')[:3])}"


def test_the_probe_says_what_is_missing_and_how_to_get_it(tmp_path):
    assert "pip install tensorrt" in asked("tensorrt")["missing"]
    there = asked("tensorrt-rtx", **{VARIABLES["tensorrt-rtx"]: str(tmp_path)})
    assert there["missing"] == f"{tmp_path / 'lib'} has none of TensorRT-RTX's libraries in it."
    assert "There is no library" in asked("caffe")["missing"]


def test_libraries_without_their_python_module_are_told(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libnvinfer.so.10").symlink_to(_some_library())
    with pytest.raises(LibraryMissing, match="Python module 'tensorrt' is not installed"):
        load("tensorrt", tmp_path)


def test_a_file_that_is_no_library_is_told(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libnvinfer.so.10").write_bytes(b"not an ELF file")
    with pytest.raises(LibraryMissing, match="TensorRT cannot be loaded"):
        load("tensorrt", tmp_path)


def test_a_folder_named_from_where_one_stands_is_found_again():
    program = (
        "from workers.tensorrt_bridge.library import load\n"
        "print(load('tensorrt-rtx').version == load('tensorrt-rtx').version)"
    )
    done = subprocess.run(
        (sys.executable, "-c", program),
        env={VARIABLES["tensorrt-rtx"]: os.path.relpath(default_folder(), ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


def test_what_is_made_is_left_alone():
    before = (default_folder() / MARK).stat().st_mtime_ns
    assert build.make(default_folder()) is False
    assert (default_folder() / MARK).stat().st_mtime_ns == before


def test_without_a_compiler_it_says_so_and_leaves_nothing(tmp_path):
    done = _made(tmp_path / "rtx", CC="no-such-compiler")
    assert done.returncode == 1
    assert "There is no C compiler 'no-such-compiler'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_a_registry_it_says_so_and_leaves_what_was_there(tmp_path):
    half = tmp_path / "rtx"
    half.mkdir()
    (half / "lib").mkdir()
    done = _made(half, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))
    assert done.returncode == 1
    assert "needs a package registry" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["rtx"]
    assert not build.made(half)


@pytest.mark.parametrize("mark", ["", "{}", '{"wheels": []}', "[1]"])
def test_a_folder_of_another_making_is_made_again(tmp_path, mark):
    (tmp_path / MARK).write_text(mark)
    assert not build.made(tmp_path)


def test_a_stream_takes_what_it_is_given(tmp_path):
    with (tmp_path / "engine").open("xb") as file:
        writer = stream(load("tensorrt-rtx").module, file)
        assert [writer.write(b"engine\0"), writer.write(b"bytes")] == [7, 5]
    assert (tmp_path / "engine").read_bytes() == b"engine\0bytes"


def test_latencies_are_told_by_median_and_nearest_rank():
    told = summary([float(each) for each in range(1, 201)], 12.345)
    assert told == {"median": 100.5, "p99": 198.0, "throughput": 12.35, "runs": 200}
    assert summary([3.0, 1.0, 2.0], 1.0)["p99"] == 3.0


def _some_library() -> str:
    maps = Path("/proc/self/maps").read_text().splitlines()
    return next(line.split()[-1] for line in maps if "libc.so" in line or "libm.so" in line)


def _made(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "workers.tensorrt_bridge.build", str(folder))
    environment = os.environ | variables
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
