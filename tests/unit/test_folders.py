"""Folders of PyTorch's world: told by their files' names, with none of their code imported."""

import io
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import AmbiguousFormat, PickledModule, TruncatedFile, UnknownFormat
from shared.domain.folders import configs, packages, refuse_pickles
from shared.domain.recognition import recognise

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ("config.json", "model.safetensors", "tokenizer.json", "vocab.txt")
SHARDED = ("config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors")


def zipped(names: Iterable[str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return out.getvalue()


def tarred(names: Iterable[str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    return out.getvalue()


def told(data: bytes, said: str | None = None) -> str:
    return recognise(io.BytesIO(data), said=said, name="model").format.name


@pytest.mark.parametrize("packed", [zipped, tarred])
@pytest.mark.parametrize("folder", ["", "bert/"])
@pytest.mark.parametrize(
    ("names", "format"),
    [
        (FOLDER, "huggingface"),
        (SHARDED, "huggingface"),
        ((*FOLDER, "pytorch_model.bin", "training_args.bin"), "huggingface"),
        (("model.py",), "pytorch"),
        (("model.py", "net/model.py", "net/layers.py", "weights.pt"), "pytorch"),
        (("model.py", "config.json", "pytorch_model.bin"), "pytorch"),
    ],
)
def test_folders_are_told_by_their_files(packed, folder, names, format):
    data = packed(f"{folder}{name}" for name in names)
    assert told(data) == format
    assert told(data, said=format) == format


def test_a_folder_of_both_is_asked_about():
    data = zipped((*FOLDER, "model.py"))
    with pytest.raises(AmbiguousFormat, match="format=huggingface or format=pytorch"):
        told(data)
    assert told(data, said="pytorch") == "pytorch"
    beside = zipped((*FOLDER, "onnx/model.onnx"))
    with pytest.raises(AmbiguousFormat, match="format=onnx"):
        told(beside)
    assert told(beside, said="huggingface") == "huggingface"


def test_two_of_a_kind_are_one_too_many():
    with pytest.raises(AmbiguousFormat, match="2 models"):
        told(zipped(f"{folder}/{name}" for folder in "ab" for name in FOLDER))
    with pytest.raises(AmbiguousFormat, match="2 models"):
        told(zipped(("a/model.py", "b/model.py")))


@pytest.mark.parametrize("packed", [zipped, tarred])
@pytest.mark.parametrize("weights", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin"])
def test_pickled_weights_are_refused_with_the_way_to_save_others(packed, weights):
    with pytest.raises(PickledModule, match="save_pretrained"):
        told(packed(("config.json", weights, "tokenizer.json")))


def test_other_folders_with_a_config_are_none():
    assert told(zipped(("config.json", "metadata.json", "model.weights.h5"))) == "keras"
    assert told(zipped(("config.json", "net.xml", "net.bin"))) == "openvino"
    with pytest.raises(UnknownFormat):
        told(zipped(("config.json", "tokenizer.json")))
    with pytest.raises(UnknownFormat):
        told(zipped(("a/b/model.py",)))


NAMES = st.lists(
    st.lists(
        st.sampled_from(["a", "b", "model.py", "config.json", "x.safetensors", "x.bin"]),
        min_size=1,
        max_size=4,
    ).map("/".join),
    unique=True,
    max_size=8,
)


@given(NAMES)
def test_what_is_found_is_there_and_high(names):
    for found, last in ((packages(names), "model.py"), (configs(names), "config.json")):
        assert set(found) <= set(names)
        assert all(each.rpartition("/")[2] == last and each.count("/") < 2 for each in found)
        assert len({each.count("/") for each in found}) <= 1
    if not configs(names) and not any(each.endswith(".bin") for each in names):
        refuse_pickles(names)


PROGRAM = """
import io, json, sys
from shared.domain.recognition import recognise
found = [recognise(open(path, "rb"), said=None, name=path).format.name for path in sys.argv[1:]]
heavy = {"torch", "transformers", "safetensors", "numpy", "model", "source_package_model"}
print(json.dumps([found, sorted(heavy & set(sys.modules))]))
"""


def test_recognition_imports_nothing_of_a_package(tmp_path):
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'w').close()\n"
    paths = [tmp_path / "package.zip", tmp_path / "package.tar.gz"]
    with zipfile.ZipFile(paths[0], "w") as archive:
        archive.writestr("model.py", code)
    (tmp_path / "model.py").write_text(code)
    with tarfile.open(paths[1], "w:gz") as tar:
        tar.add(tmp_path / "model.py", "model.py")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [["pytorch", "pytorch"], []]
    assert not mark.exists()


@pytest.mark.parametrize("packed", [zipped, tarred])
@pytest.mark.parametrize("folder", ["", "run/"])
@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("model.ckpt.index", r"its values, \S*model\.ckpt\.data-00000-of"),
        ("model.ckpt.data-00000-of-00002", r"its index, \S*model\.ckpt\.index"),
    ],
)
def test_half_a_checkpoint_is_told_what_is_missing(
    packed: Callable[[Iterable[str]], bytes], folder: str, name: str, missing: str
) -> None:
    with pytest.raises(TruncatedFile, match=missing):
        told(packed([f"{folder}{name}", f"{folder}README.md"]))
