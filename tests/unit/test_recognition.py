"""Recognition: real files of every kind, whole and cut, and files that lie."""

import io
import json
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import (
    AmbiguousFormat,
    BadUpload,
    EmptyFile,
    PickledModule,
    TruncatedFile,
    UnknownFormat,
    UnsafeArchive,
    Yours,
)
from shared.domain.recognition import known_format, recognise

WRITER = Path(__file__).with_name("model_files.py")


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Written in a process of its own: this one imports no framework."""
    folder = tmp_path_factory.mktemp("models")
    command = [sys.executable, str(WRITER), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout.splitlines()[-1])
    return {kind: Path(path) for kind, path in listed.items()}


def told(data: bytes, said: str | None = None, name: str = "model") -> str:
    return recognise(io.BytesIO(data), said=said, name=name).format.name


@pytest.mark.parametrize(
    ("kind", "format"),
    [
        ("keras", "keras"),
        ("h5", "keras-h5"),
        ("savedmodel_zip", "savedmodel"),
        ("savedmodel_folder_zip", "savedmodel"),
        ("savedmodel_tgz", "savedmodel"),
        ("pt2", "pt2"),
        ("scripted", "torchscript"),
        ("traced", "torchscript"),
        ("state_dict", "state-dict"),
        ("state_dict_legacy", "state-dict"),
        ("checkpoint", "state-dict"),
        ("onnx", "onnx"),
        ("onnx_zip", "onnx"),
        ("tflite_head", "tflite"),
        ("frozen_graph", "frozen-graph"),
    ],
)
def test_real_files_are_told_by_their_bytes(
    files: dict[str, Path], kind: str, format: str
) -> None:
    data = files[kind].read_bytes()
    assert told(data) == format
    assert told(data, said=format, name="misleading.bin") == format


@pytest.mark.parametrize("kind", ["module", "module_legacy", "module_pickle", "module_pickle_0"])
def test_a_pickled_module_is_refused_with_the_way_to_export_it(
    files: dict[str, Path], kind: str
) -> None:
    for said in (None, "torchscript", "state-dict"):
        with pytest.raises(PickledModule, match=r"torch\.export\.save"):
            told(files[kind].read_bytes(), said=said)


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("npz", "samples"),
        ("saved_model_pb", "whole folder"),
        ("numbers_pickle", "without any tensor"),
    ],
)
def test_other_files_are_refused_with_a_hint(files: dict[str, Path], kind: str, hint: str) -> None:
    with pytest.raises(UnknownFormat, match=hint):
        told(files[kind].read_bytes())


def test_an_empty_file_is_called_so() -> None:
    with pytest.raises(EmptyFile):
        told(b"")


@pytest.mark.parametrize("data", [b"hello, world", b"{}", bytes(100), b"\xff" * 50, b"\x08"])
def test_what_is_unknown_lists_what_is_accepted(data: bytes) -> None:
    with pytest.raises(UnknownFormat, match="Accepted are"):
        told(data)


@pytest.mark.parametrize(
    "kind",
    ["keras", "h5", "savedmodel_zip", "savedmodel_tgz", "pt2", "scripted", "state_dict",
     "module", "onnx_zip"],
)  # fmt: skip
def test_a_file_cut_anywhere_is_called_truncated(files: dict[str, Path], kind: str) -> None:
    data = files[kind].read_bytes()
    for cut in {*range(4, len(data), max(1, len(data) // 60)), len(data) - 1}:
        with pytest.raises(TruncatedFile):
            told(data[:cut])


def test_an_onnx_file_cut_anywhere_is_called_truncated(files: dict[str, Path]) -> None:
    data = files["onnx"].read_bytes()
    for cut in range(2, len(data), 7):
        with pytest.raises(TruncatedFile):
            told(data[:cut])
    with pytest.raises(TruncatedFile):
        told(data[:-1])


def test_a_frozen_graph_cut_within_its_nodes_is_called_truncated(files: dict[str, Path]) -> None:
    data = files["frozen_graph"].read_bytes()
    for cut in range(len(data) - 100, len(data) - 20, 7):
        with suppress(TruncatedFile):
            assert told(data[:cut]) == "frozen-graph"  # a cut between two nodes leaves a graph
    with pytest.raises(TruncatedFile):
        told(data[:-1])


def test_a_legacy_pickle_cut_within_its_opcodes_is_called_truncated(
    files: dict[str, Path],
) -> None:
    data = files["state_dict_legacy"].read_bytes()
    for cut in range(3, 300, 7):
        with pytest.raises(TruncatedFile):
            told(data[:cut])


def zipped(*names: str, data: bytes = b"x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, data)
    return out.getvalue()


def test_two_formats_in_one_zip_are_ambiguous_until_one_is_said() -> None:
    data = zipped("model/saved_model.pb", "copy.onnx")
    with pytest.raises(AmbiguousFormat) as caught:
        told(data)
    sentence = str(caught.value)
    for part in ("SavedModel", "ONNX", "copy.onnx", "format=savedmodel", "format=onnx"):
        assert part in sentence
    assert told(data, said="onnx") == "onnx"
    assert told(data, said="savedmodel") == "savedmodel"


@pytest.mark.parametrize("names", [("a.onnx", "b.onnx"), ("a/saved_model.pb", "b/saved_model.pb")])
def test_two_models_of_one_format_are_ambiguous(names: tuple[str, str]) -> None:
    with pytest.raises(AmbiguousFormat, match="2 models"):
        told(zipped(*names))


def test_what_was_said_must_agree(files: dict[str, Path]) -> None:
    with pytest.raises(BadUpload, match="said to be ONNX") as caught:
        told(files["keras"].read_bytes(), said="onnx")
    assert caught.value.fault.field == "format"
    with pytest.raises(UnknownFormat, match="Known formats"):
        told(files["keras"].read_bytes(), said="caffe")
    assert known_format("onnx").name == "onnx"


def test_a_name_that_misleads_is_noted(files: dict[str, Path]) -> None:
    with files["onnx"].open("rb") as reader:
        assert recognise(reader, said=None, name="model.onnx").notes == ()
        assert recognise(reader, said=None, name="model").notes == ()
        (note,) = recognise(reader, said=None, name="model.keras").notes
    assert "model.keras" in note


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "C:\\evil"])
def test_an_unsafe_archive_is_refused_at_the_door(name: str) -> None:
    with pytest.raises(UnsafeArchive):
        told(zipped("saved_model.pb", name))


def test_a_thousandfold_archive_is_refused_at_the_door() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("saved_model.pb", b"graph")
        archive.writestr("variables/zeros", bytes(16 << 20))
    with pytest.raises(UnsafeArchive, match="1000 times"):
        told(out.getvalue())


def test_files_of_a_mac_are_looked_past() -> None:
    assert told(zipped("m.onnx", "__MACOSX/._m.onnx", "__MACOSX/m.onnx")) == "onnx"


def test_compiled_packages_are_no_programs() -> None:
    data = zipped("m/archive_format", data=b"pt2")
    with pytest.raises(UnknownFormat, match="compiled"):
        told(data)


@given(
    st.sampled_from(
        [b"", b"PK\x03\x04", b"\x1f\x8b", b"\x89HDF\r\n\x1a\n", b"\x80\x02", b"\x08\x08"]
    ),
    st.binary(max_size=300),
)
@settings(deadline=None, max_examples=500)
def test_no_bytes_raise_anything_but_our_errors(magic: bytes, data: bytes) -> None:
    with suppress(Yours):
        told(magic + data)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_no_damage_raises_anything_but_our_errors(
    files: dict[str, Path], data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[kind].read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Yours):
        told(bytes(content))


def test_what_the_service_delivers_is_told_by_its_content() -> None:
    config, model = "net/config.pbtxt", "net/1/model.onnx"
    assert told(_zip({config: b"", model: b"", "modelferry.json": b"{}"})) == "triton"
    assert told(_zip({config: b"", "net/1/model.savedmodel/saved_model.pb": b""})) == "triton"
    saved = {"saved_model.pb": b"", "assets/config.pbtxt": b"", "variables/variables.index": b""}
    assert told(_zip(saved)) == "savedmodel"
    with pytest.raises(UnknownFormat, match=r"manifest\.json beside the engine is not one"):
        told(_zip({"model.engine": b"", "manifest.json": b'{"format": "tensorrt"}'}))


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_source_packages_and_weights_are_told_by_their_content() -> None:
    weights = len(b"{}").to_bytes(8, "little") + b"{}"
    package = {"model.py": b"", "weights.safetensors": weights, "README.md": b""}
    assert told(_zip(package)) == "pytorch"
    assert told(_zip({f"net/{name}": data for name, data in package.items()})) == "pytorch"
    assert told(weights) == "safetensors"
    assert told(_zip({"model.py": b"", "other/weights.safetensors": weights})) == "pytorch"
    with pytest.raises(TruncatedFile, match="list of tensors"):
        told((900).to_bytes(8, "little") + b'{"a":')
