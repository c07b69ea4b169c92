"""The local conversion's command line, sources and outputs, without any conversion."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from shared.domain.archives import pack
from shared.domain.engines import ENGINE_FILE, MANIFEST_FILE
from shared.domain.errors import AmbiguousFormat, BadUpload, EmptyFile, UnsafeArchive
from workers.local.arguments import parse
from workers.local.files import described
from workers.local.outputs import deliver
from workers.local.sources import take_in

ASKED = ["there", "--to", "onnx", "--out", "x"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "there").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nowhere.onnx", "--to", "onnx", "--out", "x"],
        ["there", "--out", "x"],
        ["there", "--to", "onnx"],
        ["there", "--to", "onnx", "--out", "there"],
        ["there", "--to", "onnx", "--out", "no/folder/x"],
        [*ASKED, "--option", "simplify"],
        [*ASKED, "--option", "=1"],
        [*ASKED, "--option", "a=1", "--option", "a=2"],
        [*ASKED, "--samples", "nowhere.npz"],
        ["there", "--to", "onnx", "--out", "there", "--force"],
        ["there", "--to", "onnx", "--out", "/dev/null", "--force"],  # which root could replace
        [*ASKED, "--keep", "."],
        [*ASKED, "--keep", "there"],
        ["/dev/null", "--to", "onnx", "--out", "x"],
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_command_that_makes_no_sense(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert (told.out, bool(told.err.strip())) == ("", True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18", 18),
        ("1.5", 1.5),
        ("true", True),
        ("null", None),
        ("fp16", "fp16"),
        ("", ""),
        ("a=b", "a=b"),
        ('"18"', "18"),
        ('{"x": [1]}', {"x": [1]}),
        ("{", "{"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("[" * 100_000, "[" * 100_000),
        ("9" * 5000, "9" * 5000),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_value_is_json_or_a_bare_word(text: str, value: object) -> None:
    given = parse([*ASKED, "--option", f"name={text}"]).target.options["name"]
    assert (type(given), given) == (type(value), value)


@pytest.mark.usefixtures("folder")
def test_the_manifest_of_an_engine_has_a_place_too() -> None:
    Path("x.json").touch()
    for target in ("tensorrt", "tensorrt-rtx"):
        with pytest.raises(SystemExit):
            parse(["there", "--to", target, "--out", "x"])
        assert parse(["there", "--to", target, "--out", "x.zip"])
        assert parse(["there", "--to", target, "--out", "x", "--force"])
    assert parse(ASKED)


@pytest.mark.parametrize("content", [b"", b"hello\n", b"PK\x03\x04", b"\x80\x04N.", b"\x08"])
def test_what_is_no_model(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "model.onnx"
    source.write_bytes(content)
    with pytest.raises(BadUpload):
        take_in(source, None, tmp_path)


def test_what_is_no_models_folder(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with pytest.raises(EmptyFile):
        take_in(source, None, tmp_path)
    (source / "link").symlink_to("/etc/passwd")
    with pytest.raises(UnsafeArchive, match="link"):
        take_in(source, None, tmp_path)
    (source / "link").unlink()
    (source / "notes.txt").write_text("hello")
    with pytest.raises(BadUpload, match="no model"):
        take_in(source, None, tmp_path)


def zipped(folder: Path, files: dict[str, Any], name: str) -> Path:
    tree = folder / f"{name}-tree"
    for path, content in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(content)
    pack(tree, folder / name)
    return folder / name


def test_an_engine_and_its_manifest_replace_older_ones(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for number in ("1", "2"):
        files = {ENGINE_FILE: number, MANIFEST_FILE: json.dumps({"number": number})}
        result = described(zipped(tmp_path, files, f"packed-{number}"), "tensorrt-rtx")
        assert deliver(result, out / "m") == [out / "m", out / "m.json"]
        assert (out / "m").read_text() == number
        assert json.loads((out / "m.json").read_text()) == {"number": number}
    assert {each.name for each in out.iterdir()} == {"m", "m.json"}


def test_nothing_is_left_of_what_could_not_be_written(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("../escape", "x")
    out = tmp_path / "out"
    out.mkdir()
    (out / "models").write_text("mine")
    with pytest.raises(UnsafeArchive):
        deliver(described(broken, "triton"), out / "models")
    assert {each.name for each in out.iterdir()} == {"models"}
    assert (out / "models").read_text() == "mine"


def test_a_tree_is_a_folder_or_a_zip(tmp_path: Path) -> None:
    tree = tmp_path / "tree-of-mine"
    (tree / "m" / "1").mkdir(parents=True)
    (tree / "m" / "config.pbtxt").write_text("x")
    packed = tmp_path / "packed"
    pack(tree, packed)
    result = described(packed, "triton")
    assert deliver(result, tmp_path / "a.zip") == [tmp_path / "a.zip"]
    assert zipfile.is_zipfile(tmp_path / "a.zip")
    for _ in range(2):  # the second replaces the first
        assert deliver(result, tmp_path / "models") == [tmp_path / "models"]
        assert (tmp_path / "models" / "m" / "config.pbtxt").read_text() == "x"
    names = {each.name for each in tmp_path.iterdir()}
    assert names == {"tree-of-mine", "packed", "a.zip", "models"}


def packed(folder: Path, source: Path) -> list[str]:
    scratch = folder / f"scratch-{len(list(folder.iterdir()))}"
    scratch.mkdir()
    with zipfile.ZipFile(take_in(source, None, scratch)[0].path) as archive:
        return archive.namelist()


def test_a_checkpoint_is_its_prefix(tmp_path: Path) -> None:
    tree = tmp_path / "training"
    tree.mkdir()
    files = ["m-1.data-00000-of-00001", "m-1.index"]
    for name in [*files, "m-2.index", "m-2.data-0", "events", ".hidden"]:
        (tree / name).write_text(name)
    for name in ("m-1", "m-1.index"):
        assert packed(tmp_path, tree / name) == files
    with pytest.raises(AmbiguousFormat, match=r"2 checkpoints.*m-2"):
        packed(tmp_path, tree)
    (tree / "m-2.index").unlink()
    assert packed(tmp_path, tree) == files


def test_a_checkpoints_prefix_is_a_source_and_a_template(folder: Path) -> None:
    for name in ("m.index", "m.data-0"):
        (folder / name).write_text(name)
    assert parse(["m", *ASKED[1:], "--template", "m"]).template == Path("m")
    for wrong in (["m.data", *ASKED[1:]], [*ASKED, "--template", "nowhere"]):
        with pytest.raises(SystemExit):
            parse(wrong)


def test_a_mapping_is_a_familys_name_or_a_file(folder: Path) -> None:
    (folder / "mine.yaml").write_text("mapping: 1\n")
    (folder / "bert").mkdir()  # the model's own folder is no mapping file
    told = {name: parse([*ASKED, "--mapping", name]).target for name in ("bert", "mine.yaml")}
    assert told["bert"].options == {"mapping": "bert"}
    assert told["mine.yaml"].options == {"mapping": "mapping: 1\n"}
    for wrong in (["none.yaml"], ["mine.yaml", "--option", "mapping=bert"]):
        with pytest.raises(SystemExit):
            parse([*ASKED, "--mapping", *wrong])


def test_a_cache_of_links_is_followed_and_its_other_files_are_left(tmp_path: Path) -> None:
    tree = tmp_path / "snapshot"
    tree.mkdir()
    (tmp_path / "blob").write_text("{}")
    for name in ("config.json", "model.safetensors", "pytorch_model.bin"):
        (tree / name).symlink_to("../blob")
    (tree / ".git").mkdir()
    assert packed(tmp_path, tree) == ["config.json", "model.safetensors"]
