"""Build: a folder with NVIDIA's `tensorrt` bindings over TensorRT-RTX, for machines without both.

`python -m workers.tensorrt_bridge.build [DIR]` wants a C compiler and a package registry. The
builder that it yields is the real one and needs no GPU.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Final

from workers.tensorrt_bridge.folder import BINDINGS, LIBRARIES, MARK, default_folder

WHEELS: Final = (
    "tensorrt-cu13-bindings==11.4.0.106",
    "onnxruntime-ep-nv-tensorrt-rtx-cu13==0.5.0",
)
"""The Python API of TensorRT 11.4, and (inside a provider of ONNX Runtime) TensorRT-RTX 1.7.1."""

NAMES: Final = ("libnvinfer.so.11", "libnvinfer_plugin.so.11", "libnvonnxparser.so.11")
"""What the bindings link against."""

PROVIDER: Final = "onnxruntime_ep_nv_tensorrt_rtx"
KEPT: Final = ("libtensorrt_rtx.so.*", "libtensorrt_onnxparser_rtx.so.*", "*.txt")
"""Of the provider's wheel: two libraries, and what NVIDIA says of their use."""


class Unbuilt(Exception):
    """Why there is no folder, in a sentence."""


def make(folder: Path) -> bool:
    """Make the folder, unless it is there and of this making. All of it appears at once.

    Returns:
        Whether anything had to be done.

    Raises:
        Unbuilt: something is missing, or what was made cannot be loaded.
    """
    if made(folder):
        return False
    compiler = _compiler()
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _install(draft / "wheels")
        _arrange(draft)
        _compile(compiler, draft / LIBRARIES)
        (draft / MARK).write_text(json.dumps(_recipe(), indent=1) + "\n", encoding="utf-8")
        _try(draft)
        draft.chmod(0o755)
        _swap(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return True


def made(folder: Path) -> bool:
    """Whether the folder is there, whole, and made by this recipe."""
    try:
        return bool(json.loads((folder / MARK).read_text(encoding="utf-8")) == _recipe())
    except (OSError, ValueError):
        return False


def _recipe() -> dict[str, object]:
    source = hashlib.sha256(_source().encode()).hexdigest()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"wheels": list(WHEELS), "source": source, "python": python}


def _source() -> str:
    return (files("workers.tensorrt_bridge") / "forward.c").read_text(encoding="utf-8")


def _install(folder: Path) -> None:
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run(
        (*pip, "--no-deps", "--only-binary=:all:", "--target", str(folder), *WHEELS),
        f"pip cannot install {' and '.join(WHEELS)}, for which it needs a package registry",
    )


def _arrange(draft: Path) -> None:
    """Keep the bindings and two libraries of the 300 MB, under names that say what they are."""
    wheels = draft / "wheels"
    libraries = draft / LIBRARIES
    libraries.mkdir()
    shutil.copytree(
        wheels / "tensorrt_bindings",
        draft / BINDINGS / "tensorrt_bindings",
        ignore=shutil.ignore_patterns("__pycache__", "plugin"),
    )
    for pattern in KEPT:
        found = list((wheels / PROVIDER).glob(pattern))
        if not found:
            raise Unbuilt(f"{WHEELS[1]} holds no {pattern}.")
        for each in found:
            each.rename(libraries / each.name)
    shutil.rmtree(wheels)


def _compiler() -> list[str]:
    command = shlex.split(os.environ.get("CC", "cc")) or ["cc"]
    if shutil.which(command[0]) is None:
        raise Unbuilt(
            f"There is no C compiler {command[0]!r}. Install one (Debian: apt install gcc"
            " libc6-dev), or name it in CC."
        )
    return command


def _compile(compiler: list[str], libraries: Path) -> None:
    source = libraries / "forward.c"
    source.write_text(_source(), encoding="utf-8")
    for name in NAMES:
        flags = ("-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", f"-Wl,-soname,{name}")
        out = str(libraries / name)
        _run((*compiler, *flags, "-o", out, str(source), "-ldl"), "The C compiler fails")


def _try(draft: Path) -> None:
    program = (
        "from pathlib import Path; from workers.tensorrt_bridge.library import load;"
        f" print(load('tensorrt-rtx', Path({str(draft)!r})).version)"
    )
    _run((sys.executable, "-c", program), "What was made cannot be loaded")


def _run(command: tuple[str, ...], failure: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        reason = said[-1].strip() if said else f"status {done.returncode}"
        raise Unbuilt(f"{failure}: {reason}")


def _swap(draft: Path, folder: Path) -> None:
    """Put the draft in the place of whatever is there: of two at a time, one wins whole."""
    if made(folder):
        return
    old = draft.with_name(f"{draft.name}.old")
    try:
        if folder.exists():
            folder.rename(old)
        draft.rename(folder)
    except OSError as error:
        if not made(folder):
            raise Unbuilt(f"{folder} cannot be put in place: {error}") from error
    finally:
        shutil.rmtree(old, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """The command line: one optional argument, the folder."""
    folder = Path(arguments[0]).absolute() if arguments else default_folder()
    try:
        done = make(folder)
    except Unbuilt as error:
        sys.stderr.write(f"TensorRT-RTX was not set up in {folder}.\n{error}\n")
        return 1
    sys.stdout.write(f"{folder}: {'made' if done else 'there already'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
