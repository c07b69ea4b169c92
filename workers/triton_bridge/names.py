"""Names of models: what clients put into a URL, and what is a folder's name."""

import re
from typing import Final

from shared.domain.errors import InvalidModel, InvalidOptions

_OURS: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def check_chosen(name: str, option: str) -> None:
    """Hold a name that the user chose against what is a folder and a URL everywhere.

    Raises:
        InvalidOptions: it is not.
    """
    if not _OURS.fullmatch(name):
        raise InvalidOptions(
            f"{option} must be 1 to 128 letters, digits, '_', '-' or '.', and not begin with '-'"
            f" or '.'; it was {name!r}.",
            field=f"options.{option}",
        )


def check_name(name: str) -> None:
    """Hold any name against Triton's own rule.

    Source: triton-inference-server/core, model_repository_manager.cc, ValidateModelName.

    Raises:
        InvalidModel: Triton would not load a model of that name.
    """
    if not name.strip() or name.strip() == ".." or "/" in name:
        raise InvalidModel(f"Triton does not take {name!r} as a model's name.")
