"""Outputs: the result, put where the user wants it: all of it or nothing."""

import secrets
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from shared.domain.archives import unpack
from shared.domain.engines import ENGINE_FILE, MANIFEST_FILE
from shared.domain.formats import FORMATS, Layout
from shared.services.folders import remove
from workers.local.files import File
from workers.runtime import MOST_UNPACKED

ZIP = ".zip"


def deliver(result: File, target: Path) -> list[Path]:
    """Write the result; the paths that were written.

    A file is a file. A tree is a zip where the target is called so; of an engine, the engine
    and beside it, as `<name>.json`, its manifest; else a folder.

    Raises:
        OSError: there is no room, or it may not be written.
    """
    kind = FORMATS[result.artifact.format]
    if kind.layout is Layout.FILE or target.suffix.lower() == ZIP:
        _put(target, lambda draft: shutil.copyfile(result.path, draft))
        return [target]
    with zipfile.ZipFile(result.path) as archive:
        if ENGINE_FILE not in archive.namelist():
            _put(target, lambda draft: unpack(result.path, draft, MOST_UNPACKED))
            return [target]
        beside = target.with_name(f"{target.name}.json")
        _put(beside, lambda draft: _extract(archive, MANIFEST_FILE, draft))
        _put(target, lambda draft: _extract(archive, ENGINE_FILE, draft))
    return [target, beside]


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
