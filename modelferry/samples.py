"""Samples: a user's own inputs, sent to verify or to calibrate with."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modelferry import export, sources
from modelferry.transport import Transport, body
from modelferry.types import SamplesView
from modelferry.wire import read

Samples = str | Path | SamplesView | Mapping[str, Any]
"""A path to an .npz, samples sent before, or arrays by input name."""


def sent(transport: Transport, samples: Samples) -> SamplesView:
    """The samples as the service has them.

    Raises:
        BadSamples: the service cannot read them.
    """
    if isinstance(samples, SamplesView):
        return samples
    with tempfile.TemporaryDirectory(prefix="modelferry-") as scratch:
        if isinstance(samples, Mapping):
            path = export.saved_samples(samples, Path(scratch))
        else:
            path = Path(samples)
        with sources.opened(path) as source:
            answer = transport.ask(
                "POST",
                "/v1/samples",
                content=lambda: sources.chunks(source.path, 0, source.size),
                headers={
                    "Content-Type": "application/octet-stream",
                    "Content-Length": str(source.size),
                },
            )
    return read(SamplesView, body(answer))
