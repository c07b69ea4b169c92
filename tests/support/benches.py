"""A converter's bench without a child around it."""

from pathlib import Path
from typing import Any

from workers.child import Workbench
from workers.converter import Converter


def converted(
    converter: Converter[Any], source: Path, folder: Path, **options: Any
) -> tuple[Path, list[str]]:
    """Run a converter on a prepared source; the result's path and what it said."""
    folder.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    bench = Workbench(
        source=source,
        target=folder / "result",
        folder=folder,
        samples=None,
        extras=(),
        template=None,
        gpu=None,
        caches=(),
        cache_output=folder / "timing.new",
        options=converter.options.model_validate(options),
        tell=lambda message, _progress: said.append(message),
    )
    converter.convert(bench)
    return bench.target, said
