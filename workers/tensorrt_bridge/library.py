"""Library: TensorRT or TensorRT-RTX, loaded from where the worker's settings say."""

import ctypes
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import LibraryMissing
from workers.tensorrt_bridge.folder import BINDINGS, LIBRARIES, MARK, default_folder

TENSORRT: Final = "tensorrt"
TENSORRT_RTX: Final = "tensorrt-rtx"

TITLES: Final = {TENSORRT: "TensorRT", TENSORRT_RTX: "TensorRT-RTX"}
VARIABLES: Final = {
    TENSORRT: "MODELFERRY_TENSORRT_HOME",
    TENSORRT_RTX: "MODELFERRY_TENSORRT_RTX_HOME",
}
"""What the worker hands its children: the folder that its operator named."""

_IN_ORDER: Final = ("libtensorrt_rtx.", "libtensorrt_onnxparser_rtx.")
_NAMES: Final = (
    "libnvinfer.so.*",
    "libnvinfer_plugin.so.*",
    "libnvinfer_builder_resource*.so.*",
    "libnvonnxparser.so.*",
    "libtensorrt_rtx.so.*",
    "libtensorrt_onnxparser_rtx.so.*",
)
"""What the Python modules link against, and what the builder opens by name at its work. Others
(lean, dispatch) have the same symbols and stay away."""


@dataclass(frozen=True, slots=True)
class Library:
    """One of the two, ready for use.

    `version` is the library's own, `bindings` that of the Python module where it is another.
    `module` is what NVIDIA calls `tensorrt`, under whatever name it was imported. `rtx` says
    that TensorRT-RTX is what answers.
    """

    name: str
    version: str
    bindings: str | None
    module: Any
    rtx: bool

    @property
    def title(self) -> str:
        """As users know it: `TensorRT-RTX 1.7.1`."""
        return f"{TITLES[TENSORRT_RTX if self.rtx else TENSORRT]} {short(self.version)}"


def load(name: str, home: Path | None = None) -> Library:
    """Import the library of that name, `tensorrt` or `tensorrt-rtx`.

    Args:
        home: its folder. None: the one that the environment names, else the installed
            package, else (for TensorRT-RTX) what `make rtx` has made.

    Raises:
        LibraryMissing: it is not there or cannot be loaded; the sentence says what to do.
    """
    named = os.environ.get(VARIABLES[name])
    home = home or (Path(named) if named else None)
    home = home and home.resolve()  # the modules say in full where they were loaded from
    package = name.replace("-", "_")
    try:
        if home is not None:
            return _from_folder(name, home)
        if find_spec(package) is not None:
            return _from_module(name, import_module(package))
        if name == TENSORRT_RTX:
            return _from_folder(name, default_folder())
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise LibraryMissing(f"{TITLES[name]} cannot be loaded: {error}") from error
    raise LibraryMissing(
        f"{TITLES[name]} is not installed: `pip install {name}` on a machine that reaches"
        f" NVIDIA's package index, or name its folder in {VARIABLES[name]}."
    )


def short(version: str) -> str:
    """The version without its build number."""
    return ".".join(version.split(".")[:3])


def _from_module(name: str, module: Any) -> Library:
    return Library(name, module.__version__, None, module, rtx=name == TENSORRT_RTX)


def _from_folder(name: str, home: Path) -> Library:
    if (home / MARK).is_file():
        return _over_rtx(name, home)
    libraries = [each for one in _NAMES for each in sorted((home / LIBRARIES).glob(one))]
    if not libraries:
        raise LibraryMissing(_nothing_in(name, home))
    for each in libraries:
        ctypes.CDLL(str(each))
    package = name.replace("-", "_")
    _reach([each for each in (home, home / "python") if (each / package).is_dir()])
    if find_spec(package) is None:
        raise LibraryMissing(
            f"{home} has {TITLES[name]}'s libraries, but its Python module {package!r} is not"
            f" installed. Install the wheel of {home / 'python'} that fits this Python."
        )
    return _from_module(name, import_module(package))


def _nothing_in(name: str, home: Path) -> str:
    if name == TENSORRT_RTX and home == default_folder():
        return (
            "TensorRT-RTX is neither installed nor was it made: `make rtx` (`python -m"
            " workers.tensorrt_bridge.build`) makes it, or name its folder in"
            f" {VARIABLES[name]}."
        )
    return f"{home / LIBRARIES} has none of {TITLES[name]}'s libraries in it."


def _over_rtx(name: str, home: Path) -> Library:
    """NVIDIA's bindings of TensorRT, with TensorRT-RTX behind them: see forward.c."""
    libraries = home / LIBRARIES
    rtx = [each for prefix in _IN_ORDER for each in sorted(libraries.glob(f"{prefix}so.*"))]
    builder, *_ = _preload(rtx)
    _preload(sorted(libraries.glob("libnv*.so.*")))
    module = _bindings(home / BINDINGS)
    return Library(name, _version(builder), module.__version__, module, rtx=True)


def _bindings(folder: Path) -> Any:
    """Those of the folder, whichever come with a TensorRT that is installed besides."""
    sys.path.insert(0, str(folder))
    try:
        module = import_module("tensorrt_bindings")
    finally:
        sys.path.remove(str(folder))
    if not Path(str(module.__file__)).is_relative_to(folder):
        raise ImportError(f"this process has loaded the bindings of {module.__file__} before")
    return module


def _version(builder: ctypes.CDLL) -> str:
    parts = ("Major", "Minor", "Patch", "Build")
    return ".".join(str(getattr(builder, f"getInferLib{each}Version")()) for each in parts)


def _preload(paths: Iterable[Path]) -> list[ctypes.CDLL]:
    """Load them for all to see: TensorRT-RTX's parser does not say what it links against."""
    return [ctypes.CDLL(str(each), mode=ctypes.RTLD_GLOBAL) for each in paths]


def _reach(folders: Iterable[Path]) -> None:
    for each in map(str, folders):
        if each not in sys.path:
            sys.path.append(each)
