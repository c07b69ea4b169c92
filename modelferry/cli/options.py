"""Options: of a conversion, as they are typed and as the service takes them."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

MODEL: Final = "The model: a file, a model's folder, or a TensorFlow checkpoint's prefix."

Gpu = Annotated[
    str | None, typer.Option(help="Build on this GPU: a part of its name, such as `H100`.")
]
Precision = Annotated[
    str | None, typer.Option(help="What the result computes in: fp32, fp16, bf16 or int8.")
]
Template = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Put the weights of FILE into this model, a file or folder, or the id of an uploaded"
        " one.",
    ),
]
Mapping = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE",
        help="Which variable is which: a known family's name, or a mapping file.",
    ),
]
MAPPING_FILES: Final = (".yaml", ".yml")


def mapping_from(given: str | None) -> str | Path | None:
    """A family's name as it is, what looks like a file or is one as a path."""
    if given is None:
        return None
    path = Path(given)
    looks = path.suffix in MAPPING_FILES or len(path.parts) > 1
    return path if looks or path.is_file() else given


def options_from(pairs: list[str], **given: Any) -> dict[str, Any]:
    """NAME=VALUE pairs as the service takes them, and the options that have a flag of their own.

    A value that is JSON is read as JSON.
    """
    options: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE.", param_hint="--option")
        options[name] = _value(text)
    # A flag that was not given says nothing, where `False` would overrule the pair.
    said = {name: each for name, each in given.items() if each is not None and each is not False}
    return options | said


def matrix_from(lists: list[str]) -> dict[str, list[Any]]:
    """NAME=V1,V2 lists; a value that holds commas is written as a JSON list of values."""
    matrix: dict[str, list[Any]] = {}
    for each in lists:
        name, _, text = each.partition("=")
        found = _value(text)
        values = found if isinstance(found, list) else [_value(part) for part in text.split(",")]
        if not name or not text or name in matrix or "" in values:
            raise typer.BadParameter(
                f"{each!r} is not NAME=VALUE,VALUE with a name of its own.", param_hint="--each"
            )
        matrix[name] = values
    return matrix


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
