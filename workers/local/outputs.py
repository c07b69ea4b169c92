"""Outputs: the result, put where the user wants it: all of it or nothing."""

import secrets
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from shared.domain.archives import unpack
from shared.domain.engines import ENGINE_FILE, MANIFEST_FILE
from shared.domain.formats import FORMATS, TENSORRT, TENSORRT_RTX, Layout
from shared.services.folders import remove
from workers.local.files import File
from workers.runtime import MOST_UNPACKED


def places(target: Path, format: str) -> list[Path]:
    """The paths that a result of this format takes up."""
    is_engine = format in {TENSORRT.name, TENSORRT_RTX.name} and not _is_zip(target)
    return [target, target.with_name(f"{target.name}.json")] if is_engine else [target]


def deliver(result: File, target: Path) -> list[Path]:
    """Write the result; the paths that were written.

    A file is a file. A tree is a zip where the target is called so; of an engine, the engine
    and beside it, as `<name>.json`, its manifest; else a folder.

    Raises:
        OSError: there is no room, or it may not be written.
    """
    known = FORMATS[result.artifact.format]
    taken = places(target, known.name)
    if len(taken) > 1:
        with zipfile.ZipFile(result.path) as archive:
            _put(taken[1], lambda draft: _extract(archive, MANIFEST_FILE, draft))
            _put(target, lambda draft: _extract(archive, ENGINE_FILE, draft))
    elif known.layout is Layout.FILE or _is_zip(target):
        _put(target, lambda draft: shutil.copyfile(result.path, draft))
    else:
        _put(target, lambda draft: unpack(result.path, draft, MOST_UNPACKED))
    return taken


def _is_zip(target: Path) -> bool:
    return target.suffix.lower() == ".zip"


def _extract(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    with archive.open(name) as source, target.open("xb") as out:
        shutil.copyfileobj(source, out, 1 << 20)


def _put(target: Path, write: Callable[[Path], object]) -> None:
    """Write under a name of its own beside the target, then rename: nobody sees half of it."""
    draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
    try:
        write(draft)
        if target.is_dir() and not target.is_symlink():
            old = target.rename(draft.with_name(f"{draft.name}-old"))
            draft.rename(target)
            remove(old)
        else:
            if draft.is_dir():
                target.unlink(missing_ok=True)
            draft.replace(target)
    finally:
        if draft.is_dir():
            remove(draft)
        draft.unlink(missing_ok=True)
