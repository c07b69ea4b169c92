"""Archives: the same tree gives the same bytes, and nothing hostile comes out of one."""

import io
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.archives import pack, unpack
from shared.domain.errors import FerryError, TruncatedFile, UnknownFormat, UnsafeArchive

LIMIT = 64 << 20
TREE = {"saved_model.pb": b"graph", "variables/index": b"i" * 100, "assets/é.txt": b""}


def written(folder: Path, tree: dict[str, bytes]) -> Path:
    for name, data in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def read_back(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], method: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def tarred(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def typed(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def test_a_tree_comes_back_as_it_was(tmp_path: Path) -> None:
    source = written(tmp_path / "source", TREE)
    (source / "empty" / "nested").mkdir(parents=True)
    pack(source, tmp_path / "a.zip")
    unpack(tmp_path / "a.zip", tmp_path / "back", LIMIT)
    assert read_back(tmp_path / "back") == TREE
    assert (tmp_path / "back" / "empty" / "nested").is_dir()


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    first = written(tmp_path / "one", TREE)
    second = written(tmp_path / "two", dict(reversed(TREE.items())))
    (second / "saved_model.pb").chmod(0o600)
    pack(first, tmp_path / "one.zip")
    pack(second, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == sorted(TREE)
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_a_link_is_not_packed(tmp_path: Path) -> None:
    source = written(tmp_path / "source", TREE)
    (source / "link").symlink_to("/etc/passwd")
    with pytest.raises(UnsafeArchive, match="link"):
        pack(source, tmp_path / "a.zip")


def test_a_gzipped_tar_is_unpacked(tmp_path: Path) -> None:
    source = written(tmp_path / "source", TREE)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(source, ".")
    unpack(tmp_path / "a.tar.gz", tmp_path / "back", LIMIT)
    assert read_back(tmp_path / "back") == TREE


def test_what_a_mac_adds_is_left_out(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", ("m.onnx", b"m"), ("__MACOSX/", b""), ("__MACOSX/._m.onnx", b"x"))
    unpack(tmp_path / "a.zip", tmp_path / "back", LIMIT)
    assert [path.name for path in (tmp_path / "back").iterdir()] == ["m.onnx"]


def test_long_names_in_tars_are_read(tmp_path: Path) -> None:
    name = "/".join(["a" * 90] * 4)
    for number, kind in enumerate((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)):
        with tarfile.open(tmp_path / f"{number}.tgz", "w:gz", format=kind) as archive:
            archive.addfile(tarfile.TarInfo(name))
        unpack(tmp_path / f"{number}.tgz", tmp_path / str(number), LIMIT)
        assert read_back(tmp_path / str(number)) == {name: b""}


HOSTILE_NAMES = [
    "../evil",
    "a/../../evil",
    "/etc/evil",
    "C:evil",
    "C:/evil",
    "..\\evil",
    "a\\b",
    "a//b",
    "a\nb",
    "n" * 300,
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_refused(tmp_path: Path, name: str) -> None:
    zipped(tmp_path / "a.zip", (name, b"x"))
    tarred(tmp_path / "a.tgz", (tarfile.TarInfo(name), b"x"))
    for archive in ("a.zip", "a.tgz"):
        with pytest.raises(UnsafeArchive):
            unpack(tmp_path / archive, tmp_path / "out", LIMIT)
        assert not (tmp_path / "out").exists()


def test_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", ("evilXname", b"x"))
    data = (tmp_path / "a.zip").read_bytes().replace(b"evilXname", b"evil\0name")
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(UnsafeArchive, match="control"):
        unpack(tmp_path / "a.zip", tmp_path / "out", LIMIT)


def linked(mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("variables/link")
    info.external_attr = (mode | 0o777) << 16
    return info


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_a_zip_with_links_or_devices_is_refused(tmp_path: Path, mode: int) -> None:
    zipped(tmp_path / "a.zip", (linked(mode), b"/etc/passwd"))
    with pytest.raises(UnsafeArchive, match="variables/link"):
        unpack(tmp_path / "a.zip", tmp_path / "out", LIMIT)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_a_tar_with_links_or_devices_is_refused(tmp_path: Path, kind: bytes) -> None:
    tarred(tmp_path / "a.tgz", (typed("variables/link", kind, "/etc/passwd"), b""))
    with pytest.raises(UnsafeArchive, match="variables/link"):
        unpack(tmp_path / "a.tgz", tmp_path / "out", LIMIT)


@pytest.mark.parametrize(
    "names", [("a", "a"), ("a", "A"), ("a", "a/b"), ("x/a", "X/b"), ("é", "e\u0301")]
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_collide_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    zipped(tmp_path / "a.zip", *((name, b"x") for name in names))
    tarred(tmp_path / "a.tgz", *((tarfile.TarInfo(name), b"x") for name in names))
    for archive in ("a.zip", "a.tgz"):
        with pytest.raises(UnsafeArchive):
            unpack(tmp_path / archive, tmp_path / "out", LIMIT)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "a.zip", ("a", b"x")).read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(UnsafeArchive, match="encrypted"):
        unpack(tmp_path / "a.zip", tmp_path / "out", LIMIT)


def test_a_thousandfold_ratio_is_refused(tmp_path: Path) -> None:
    zeros = b"\0" * (32 << 20)
    zipped(tmp_path / "a.zip", ("zeros", zeros), method=zipfile.ZIP_DEFLATED)
    tarred(tmp_path / "a.tgz", (tarfile.TarInfo("zeros"), zeros))
    for archive in ("a.zip", "a.tgz"):
        with pytest.raises(UnsafeArchive, match="1000 times"):
            unpack(tmp_path / archive, tmp_path / "out", LIMIT)
        assert not (tmp_path / "out").exists()


def test_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", ("a", b"x" * 600), ("b", b"x" * 600))
    infos = tarfile.TarInfo("a"), tarfile.TarInfo("b")
    tarred(tmp_path / "a.tgz", *((info, b"x" * 600) for info in infos))
    for archive in ("a.zip", "a.tgz"):
        with pytest.raises(UnsafeArchive, match="1000 bytes"):
            unpack(tmp_path / archive, tmp_path / "out", 1000)


@pytest.mark.parametrize("claimed", [10, 5000])
def test_a_lying_header_is_caught_while_unpacking(tmp_path: Path, claimed: int) -> None:
    """The directory says `claimed` bytes, the deflated stream holds 1000."""
    path = zipped(tmp_path / "a.zip", ("a", bytes(range(250)) * 4), method=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.index(mark) + at
        data[start : start + 4] = claimed.to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(UnsafeArchive, match="'a'"):
        unpack(path, tmp_path / "out", LIMIT)
    assert not (tmp_path / "out").exists()


def test_members_that_overlap_are_refused(tmp_path: Path) -> None:
    """A bomb of overlaps: two directory entries that share one member's bytes."""
    path = zipped(tmp_path / "a.zip", ("a", b"x" * 100), ("b", b"x" * 100))
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = (0).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(UnsafeArchive, match="over another"):
        unpack(path, tmp_path / "out", LIMIT)


def test_a_tar_with_an_enormous_extended_header_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.type = tarfile.XHDTYPE
    tarred(tmp_path / "a.tgz", (info, b"1" * (2 << 20)))
    with pytest.raises(UnsafeArchive, match="header"):
        unpack(tmp_path / "a.tgz", tmp_path / "out", LIMIT)


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_a_truncated_archive_is_called_so(tmp_path: Path, kind: str) -> None:
    source = written(tmp_path / "source", {**TREE, "noise": bytes(range(256)) * 50})
    if kind == "zip":
        pack(source, tmp_path / "whole")
    else:
        with tarfile.open(tmp_path / "whole", "w:gz") as archive:
            archive.add(source, "model")
    whole = (tmp_path / "whole").read_bytes()
    for cut in range(20, len(whole), 37):
        (tmp_path / "cut").write_bytes(whole[:cut])
        with pytest.raises(TruncatedFile):
            unpack(tmp_path / "cut", tmp_path / "out", LIMIT)
        assert not (tmp_path / "out").exists()


def test_a_zip_that_lost_bytes_in_its_middle_is_called_truncated(tmp_path: Path) -> None:
    data = zipped(tmp_path / "a.zip", ("a", b"x" * 1000), ("b", b"y" * 1000)).read_bytes()
    (tmp_path / "a.zip").write_bytes(data[:500] + data[700:])
    with pytest.raises(TruncatedFile):
        unpack(tmp_path / "a.zip", tmp_path / "out", LIMIT)


def test_what_is_no_archive_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello")
    with pytest.raises(UnknownFormat):
        unpack(tmp_path / "a", tmp_path / "out", LIMIT)


def tolerated(build: Callable[[Path], Path]) -> None:
    """Unpack what `build` writes: only our own errors, and nothing outside the folder."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        (base / "inner").mkdir()
        try:
            unpack(build(base / "archive"), base / "inner" / "out", 1 << 20)
        except FerryError:
            assert not (base / "inner" / "out").exists()
        assert {path.name for path in base.iterdir()} <= {"archive", "inner"}
        assert {path.name for path in (base / "inner").iterdir()} <= {"out"}


names = st.text(alphabet="ab./\\:C", min_size=1, max_size=8)


@given(st.dictionaries(names, st.binary(max_size=50), max_size=4))
@settings(deadline=None)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_no_name_in_a_zip_escapes(members: dict[str, bytes]) -> None:
    tolerated(lambda path: zipped(path, *members.items()))


@given(st.dictionaries(names, st.binary(max_size=50), max_size=4))
@settings(deadline=None)
def test_no_name_in_a_tar_escapes(members: dict[str, bytes]) -> None:
    pairs = [(tarfile.TarInfo(name), data) for name, data in members.items()]
    tolerated(lambda path: tarred(path, *pairs))


def save(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@given(st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08"]), st.binary())
@settings(deadline=None)
def test_no_bytes_raise_anything_else(magic: bytes, data: bytes) -> None:
    tolerated(lambda path: save(path, magic + data))


def sound(kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "archive"
        if kind == "zip":
            zipped(path, ("a/b", b"x" * 50), ("c", b"y" * 50), method=zipfile.ZIP_DEFLATED)
        else:
            tarred(path, (tarfile.TarInfo("a/b"), b"x" * 50), (tarfile.TarInfo("c"), b"y" * 50))
        return path.read_bytes()


SOUND = {kind: sound(kind) for kind in ("zip", "tgz")}


@given(
    st.sampled_from(sorted(SOUND)),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
)
@settings(deadline=None, max_examples=400)
def test_no_damage_raises_anything_else(kind: str, damage: list[tuple[int, int]]) -> None:
    data = bytearray(SOUND[kind])
    for at, value in damage:
        data[at % len(data)] = value
    tolerated(lambda path: save(path, bytes(data)))


parts = st.text(alphabet="abcdé_. ", min_size=1, max_size=6).filter(lambda part: part.strip("."))


@given(st.dictionaries(st.lists(parts, min_size=1, max_size=3).map("/".join), st.binary()))
@settings(deadline=None)
def test_every_tree_that_can_lie_anywhere_comes_back(tree: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        (base / "source").mkdir()
        try:
            written(base / "source", tree)
        except OSError:
            return  # one name is a file and a folder at once
        pack(base / "source", base / "a.zip")
        try:
            unpack(base / "a.zip", base / "back", LIMIT)
        except UnsafeArchive as error:
            assert "same place" in str(error)  # noqa: PT017 - an error is one of two right answers
        else:
            assert read_back(base / "back") == tree
