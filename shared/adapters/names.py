"""Names: ids as they come from outside, and names of files as they go out."""

from uuid import UUID

from shared.domain.errors import NotFound
from shared.domain.formats import FORMATS


def uuid_of(text: str, noun: str, field: str | None = None) -> UUID:
    """
    Raises:
        NotFound: it is no id at all, so nothing has it.
    """
    try:
        return UUID(text)
    except ValueError:
        raise nowhere(text, noun, field) from None


def nowhere(id: str, noun: str, field: str | None = None) -> NotFound:
    return NotFound(f"There is no {noun} {id!r}.", field=field)


def filename(model: str, format: str) -> str:
    """The model's name with the suffix of the format: `digits.keras` as ONNX is `digits.onnx`."""
    suffixes = sorted((s for each in FORMATS.values() for s in each.suffixes), key=len)
    stem = next((model.removesuffix(s) for s in reversed(suffixes) if model.endswith(s)), model)
    own = FORMATS[format].suffixes if format in FORMATS else ()
    return (stem or "model") + (own[0] if own else f".{format}")
