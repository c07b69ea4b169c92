"""Programs that come inside wheels. Their Python code is never run."""

import importlib.util
from pathlib import Path

from modelferry.embedded.part import StackError


def wheel_folder(package: str) -> Path:
    """Where an installed package's files lie.

    Raises:
        StackError: it is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise StackError(f"{package} is not installed: pip install 'modelferry[embedded]'")
    return Path(spec.origin).parent
