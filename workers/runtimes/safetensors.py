"""Safetensors, looked into."""

import zipfile
from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from shared.domain.archives import unpack
from shared.domain.formats import SAFETENSORS, Format
from workers.runtime import MOST_UNPACKED
from workers.runtimes.weights_alone import WeightsRuntime


class SafetensorsRuntime(WeightsRuntime):
    """One file, or a zip of shards beside their index."""

    format: ClassVar[Format] = SAFETENSORS
    packages: ClassVar[tuple[str, ...]] = ("ml-dtypes", "numpy")

    @override
    def prepare(self, path: Path, folder: Path) -> Path:
        if not zipfile.is_zipfile(path):
            return path
        unpack(path, folder, MOST_UNPACKED)
        return folder
