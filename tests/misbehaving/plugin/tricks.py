"""A converter of somebody else's, found by its entry point, that does not do as it should."""

import os
import shutil
import signal
import time
from pathlib import Path

from pydantic import Field

from shared.domain.formats import ONNX
from workers.converter import Bench, Options, converter

FOREVER = 600


class Tricks(Options):
    trick: bool = Field(default=False, description="Whether to misbehave at all.")
    first: str = Field(default="", description="What the first attempt does.")
    marker: str = Field(default="", description="A file that tells later attempts from it.")


@converter(
    ONNX,
    ONNX,
    options=Tricks,
    summary="Copies, late or never.",
    version=1,
    name="tricks",
    packages=("tricks",),
    asked_by="trick",
)
def convert(bench: Bench[Tricks]) -> None:
    marker = Path(bench.options.marker)
    if not marker.exists():
        marker.write_text(str(os.getpid()))
        bench.say("the first attempt")
        if bench.options.first == "hang":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(FOREVER)
        elif bench.options.first == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        else:
            time.sleep(float(bench.options.first))
    shutil.copy(bench.source, bench.target)
