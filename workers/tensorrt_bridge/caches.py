"""Caches: what earlier builds measured on such a device, so that it is not measured again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from workers.tensorrt_bridge.log import Said

REFUSED: Final = "Failed to deserialize timing cache"
"""The library's warning, after which it hands out an empty cache."""


@dataclass(slots=True)
class Combined:
    """`cache` holds what the `loaded` pieces knew; `dropped` says why others were left out."""

    cache: Any
    loaded: int = 0
    dropped: list[str] = field(default_factory=list)


def combined(config: Any, said: Said, pieces: Sequence[Path]) -> Combined:
    """One timing cache out of all pieces, set in `config`.

    A piece that is corrupt, or of another device or version, is dropped.
    """
    whole = Combined(config.create_timing_cache(b""))
    said.warnings = _without_refusals(said.warnings)
    for number, path in enumerate(pieces, 1):
        wrong = _join(config, said, whole.cache, path)
        if wrong is None:
            whole.loaded += 1
        else:
            whole.dropped.append(f"Timing cache {number} of {len(pieces)} was dropped: {wrong}")
    if not config.set_timing_cache(whole.cache, ignore_mismatch=False):
        whole.dropped.append("The timing caches do not fit this GPU; none was used.")
        whole.loaded = 0
        whole.cache = config.create_timing_cache(b"")
        config.set_timing_cache(whole.cache, ignore_mismatch=False)
    return whole


def kept(config: Any, path: Path) -> int:
    """Write down what is known after a build; the bytes that it takes."""
    known = config.get_timing_cache()
    return path.write_bytes(memoryview(known.serialize())) if known is not None else 0


def _join(config: Any, said: Said, whole: Any, path: Path) -> str | None:
    piece = config.create_timing_cache(path.read_bytes())
    refused = any(REFUSED in each for each in said.warnings)
    said.warnings = _without_refusals(said.warnings)
    if piece is None or refused:
        return "it is corrupt, or cannot be read on this machine."
    if not whole.combine(piece, ignore_mismatch=False):
        return "it is of another GPU or of another version of TensorRT."
    return None


def _without_refusals(lines: list[str]) -> list[str]:
    return [each for each in lines if REFUSED not in each and "timing cache will not" not in each]
