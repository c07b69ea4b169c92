"""Libraries: what of TensorRT is here, asked in a process as clean as a step's child."""

import json
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from shared.domain.offers import Queue, Toolchain
from shared.settings import PREFIX, Settings, SettingsError
from workers.checkers import CHECKERS
from workers.converters import catalogue
from workers.runtimes import RUNTIMES

PROBE: Final = "workers.tensorrt_bridge.probe"
PATIENCE: Final = 60.0
"""Seconds for one library to be loaded from a cold disk."""

HOMES: Final = {"tensorrt": "tensorrt_home", "tensorrt-rtx": "tensorrt_rtx_home"}
"""The setting that says where a library lies, by the library's name."""


@dataclass(frozen=True, slots=True)
class Libraries:
    """Versions by name, and what is missing, in sentences for the operator."""

    found: Toolchain = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def homes(settings: Settings) -> dict[str, str]:
    """The variables that tell a child where the libraries lie.

    Raises:
        SettingsError: a setting names something that is no folder.
    """
    named = {}
    for setting in HOMES.values():
        folder: Path | None = getattr(settings, setting)
        if folder is None:
            continue
        variable = f"{PREFIX}{setting.upper()}"
        if not folder.is_dir():
            raise SettingsError(
                f"{variable}: {folder} is not a folder; name the one that the library was"
                " unpacked to, or unset it to use the installed package"
            )
        named[variable] = str(folder.absolute())
    return named


def wanted(queues: Collection[Queue]) -> tuple[str, ...]:
    """Every library that something which can be done in these queues cannot do without."""
    named: set[str] = set()
    named.update(*(each.libraries for each in catalogue().values() if each.queue in queues))
    named.update(*(each.libraries for each in RUNTIMES.values() if each.queue in queues))
    if Queue.CPU in queues:
        named.update(*(each.libraries for each in CHECKERS.values()))
    return tuple(sorted(named))


def probe(names: Iterable[str], environment: Mapping[str, str], folder: Path) -> Libraries:
    """Load each library in a process of its own.

    Args:
        environment: all that a step's child would have of variables.
        folder: an empty place to run in.
    """
    asked = tuple(names)
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        answers = list(pool.map(lambda name: _ask(name, environment, folder), asked))
    said = dict(zip(asked, answers, strict=True))
    return Libraries(
        found={name: str(each["version"]) for name, each in said.items() if "version" in each},
        missing=tuple(
            _placed(name, str(each["missing"]), environment)
            for name, each in said.items()
            if "version" not in each
        ),
    )


def _ask(name: str, environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """`version`, or else `missing`: libraries print, so the last line alone is the answer."""
    command = (sys.executable, "-P", "-m", PROBE, name)
    try:
        done = subprocess.run(
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"missing": f"{name} was not loaded within {PATIENCE:.0f} seconds."}
    try:
        answer = json.loads(_last_line(done.stdout))
    except json.JSONDecodeError:
        answer = None
    if isinstance(answer, dict) and answer.keys() & {"version", "missing"}:
        return answer
    last = _last_line(done.stderr) or "it said nothing"
    return {"missing": f"{name} cannot be loaded (status {done.returncode}): {last}"}


def _placed(name: str, sentence: str, environment: Mapping[str, str]) -> str:
    """With the setting in front that sent us there, unless the sentence names it itself."""
    variable = f"{PREFIX}{HOMES[name].upper()}" if name in HOMES else ""
    if variable not in environment or variable in sentence:
        return sentence
    return f"{variable}: {sentence}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
