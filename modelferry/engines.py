"""Engines: out of the zip that the service keeps, and back to it as a description."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

from modelferry import downloads
from modelferry.errors import BadAnswer, Misuse
from modelferry.progress import Progress, silent
from modelferry.sources import CHUNK
from modelferry.transport import Transport
from modelferry.types import EngineView, JobView, Manifest, OutputView
from modelferry.wire import plain

FORMATS: Final = frozenset({"tensorrt", "tensorrt-rtx"})
SUFFIX: Final = ".engine"
ENGINE: Final = "model.engine"
MANIFEST: Final = "manifest.json"
LARGEST_MANIFEST: Final = 16 << 20  # bytes

PACKED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ENCRYPTED: Final = 0x1
"""The flag of a member that asks for a password. PKWARE, "APPNOTE", 4.4.4."""

UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    ValueError,
    NotImplementedError,
    RecursionError,
)
"""What a file may raise that is not what it should be: a server, too, may send anything."""

Engine = str | Path | JobView | EngineView | Manifest
"""A job or its id, a manifest, or a path: an engine, what lies beside it, or the stored zip."""


def filename(output: OutputView) -> str:
    """The name that a result is saved under: an engine's `digits.zip` is `digits.engine`."""
    if output.format not in FORMATS:
        return output.filename
    return output.filename.removesuffix(".zip") + SUFFIX


def beside(target: Path) -> Path:
    """Where the manifest of an engine at that path lies."""
    return target.with_name(f"{target.name}.json")


def unpacks(output: OutputView, target: Path) -> bool:
    """Whether that result is unpacked at that path: an engine, unless a zip is asked for."""
    return output.format in FORMATS and target.suffix.lower() != ".zip"


def receive(
    transport: Transport,
    output: OutputView,
    target: Path,
    told: EngineView | None,
    *,
    progress: Progress = silent,
) -> Path:
    """Download an engine to `target`, and all that is known of it to `target.json`.

    Both are replaced only by whole files whose digests are right, the engine last.

    Args:
        target: a file's path.
        told: the report's engine, which goes beside it.

    Raises:
        CorruptDownload: the bytes are not those that the digest names.
        BadAnswer: the zip does not hold the engine that its manifest describes.
        Misuse: the target's folder cannot be written to, or is full.
    """
    archive = target.with_name(f".{target.name}.zip")
    downloads.receive(transport, output, archive, progress=progress)
    try:
        return _unpack(archive, target, told)
    except OSError as error:
        raise Misuse(
            f"Cannot write to {str(target.parent)!r}: {error.strerror}. Give another place.",
            field="output",
        ) from error
    finally:
        archive.unlink(missing_ok=True)


def described(engine: Engine) -> dict[str, Any]:
    """The engine as the service is told of it: by its manifest, or by the job that built it.

    Raises:
        Misuse: the file holds no manifest.
    """
    if isinstance(engine, JobView):
        return {"job_id": engine.id}
    if isinstance(engine, EngineView):
        return {"manifest": plain(engine.manifest)}
    if isinstance(engine, Manifest):
        return {"manifest": plain(engine)}
    path = Path(engine)
    named = path.exists() or path.suffix or path.name != str(engine)
    if isinstance(engine, str) and not named:
        return {"job_id": engine}
    return {"manifest": _manifest_at(path)}


def _unpack(archive: Path, target: Path, told: EngineView | None) -> Path:
    """Only the two known names are read, so none can lead anywhere else."""
    partial = target.with_name(f".{target.name}.part")
    aside = beside(target).with_name(f".{beside(target).name}.part")
    try:
        with zipfile.ZipFile(archive) as packed:
            manifest = _packed_manifest(packed)
            with _member(packed, ENGINE) as member, partial.open("wb") as out:
                _copy(member, out, manifest)
        shown = {**plain(told), "manifest": manifest} if told else {"manifest": manifest}
        text = json.dumps(shown, indent=2, ensure_ascii=False)
        aside.write_text(f"{text}\n", encoding="utf-8")
        aside.replace(beside(target))
        return partial.replace(target)
    except UNREADABLE as error:
        raise BadAnswer(
            f"The result is not the zip of an engine and its manifest ({error}). Take it as it"
            " is: give a path that ends in .zip."
        ) from error
    finally:
        partial.unlink(missing_ok=True)
        aside.unlink(missing_ok=True)


def _copy(member: IO[bytes], out: IO[bytes], manifest: Mapping[str, Any]) -> None:
    size, digest = manifest["size"], hashlib.sha256()
    if not isinstance(size, int):
        raise ValueError(f"{MANIFEST} says no size")  # noqa: TRY004 - told with the other faults
    done = 0
    while done <= size and (chunk := member.read(CHUNK)):
        done += len(chunk)
        digest.update(chunk)
        out.write(chunk)
    if done != size or f"sha256:{digest.hexdigest()}" != manifest["digest"]:
        raise ValueError(f"{ENGINE} is not what {MANIFEST} says")


def _manifest_at(path: Path) -> dict[str, Any]:
    if path.suffix == SUFFIX:
        path = beside(path)
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                found = _packed_manifest(packed)
        else:
            with path.open("rb") as file:
                found = _document(file.read(LARGEST_MANIFEST), path.name)
    except (OSError, *UNREADABLE) as error:
        raise Misuse(
            f"{str(path)!r} holds no manifest of an engine ({error}). Give the file"
            " `model.engine.json` that lies beside an engine, its zip, or the job's id.",
            field="engine",
        ) from error
    inner = found.get("manifest", found)
    return inner if isinstance(inner, dict) else found


def _packed_manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    with _member(archive, MANIFEST) as member:
        return _document(member.read(LARGEST_MANIFEST), MANIFEST)


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    packed = archive.getinfo(name)
    if packed.compress_type not in PACKED or packed.flag_bits & ENCRYPTED:
        raise ValueError(f"{name} is encrypted, or packed as the service packs nothing")
    return archive.open(packed)


def _document(text: bytes, name: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"{name} is no JSON object")  # noqa: TRY004 - told with the other faults
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()  # it is to be sent on
    return found
