"""Outputs: the result, put where the user wants it: all of it or nothing."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.domain.archives import unpack
from shared.domain.engines import ENGINE_FILE, MANIFEST_FILE
from shared.domain.formats import FORMATS, Layout
from shared.services.folders import remove
from workers.local.files import File
from workers.runtime import MOST_UNPACKED

ZIP = ".zip"


def deliver(result: File, target: Path, folder: Path) -> list[Path]:
    """Write the result; the paths that were written.

    A file is a file. A tree is a zip where the target is called so; of an engine, the engine
    and beside it, as `<name>.json`, its manifest; else a folder.

    Args:
        folder: scratch room.

    Raises:
        OSError: there is no room, or it may not be written.
    """
    kind = FORMATS[result.artifact.format]
    if kind.layout is Layout.FILE or target.suffix.lower() == ZIP:
        _put(result.path, target)
        return [target]
    tree = folder / "tree"
    unpack(result.path, tree, MOST_UNPACKED)
    if not (tree / ENGINE_FILE).is_file():
        _put(tree, target)
        return [target]
    beside = target.with_name(f"{target.name}.json")
    _put(tree / MANIFEST_FILE, beside)
    _put(tree / ENGINE_FILE, target)
    return [target, beside]


def _put(source: Path, target: Path) -> None:
    """Copy under a name of its own beside the target, then rename: nobody sees half of it."""
    with _draft(target) as draft:
        if source.is_dir():
            shutil.copytree(source, draft)
        else:
            shutil.copyfile(source, draft)
        if target.is_dir() and not target.is_symlink():
            old = target.rename(draft.with_name(f"{draft.name}-old"))
            draft.rename(target)
            remove(old)
        elif draft.is_dir():
            target.unlink(missing_ok=True)
            draft.rename(target)
        else:
            draft.replace(target)


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
    try:
        yield draft
    finally:
        if draft.is_dir():
            remove(draft)
        else:
            draft.unlink(missing_ok=True)
