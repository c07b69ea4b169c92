"""What the user says of a model's inputs, for formats whose files do not say it."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.domain.errors import BadSamples, InvalidOptions
from shared.domain.signatures import Tensor


class InputSpec(BaseModel):
    """One input. A dimension is a length, or a name where it may vary: `["batch", 3, 32, 32]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: tuple[int | str, ...] = Field(description="Lengths, or names of those that may vary.")
    dtype: str = Field("float32", description="numpy's name of the element type.")
    upper: int | None = Field(None, ge=1, description="Exclusive bound of integer inputs.")


_SPECS = TypeAdapter(dict[str, InputSpec])


def given_from(option: Any, samples: Path | None) -> dict[str, Tensor]:
    """The inputs that the option `inputs` describes, else those of the samples.

    Raises:
        InvalidOptions: the option does not fit its schema.
        BadSamples: the file is no .npz of plain arrays.
    """
    if option:
        return {name: _tensor(name, spec) for name, spec in _specs(option).items()}
    if samples:
        return {
            name: Tensor(name=name, dtype=array.dtype.name, shape=("batch", *array.shape[1:]))
            for name, array in read_samples(samples).items()
        }
    return {}


def read_samples(path: Path) -> dict[str, Any]:
    """The arrays of an .npz by name; the first axis of each counts samples.

    Raises:
        BadSamples: the file is no .npz of plain arrays, or it has none.
    """
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError, AttributeError) as error:
        raise BadSamples(
            f"The samples cannot be read as an .npz of plain arrays ({error}). Write them with"
            " numpy.savez(path, name=array, …).",
            field="samples",
        ) from error
    if not arrays:
        raise BadSamples("The samples file holds no array.", field="samples")
    return arrays


def _specs(option: Any) -> Mapping[str, InputSpec]:
    try:
        return _SPECS.validate_python(option)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("inputs", *first["loc"])))
        raise InvalidOptions(f"{where}: {first['msg']}", field=where) from None


def _tensor(name: str, spec: InputSpec) -> Tensor:
    return Tensor(name=name, dtype=spec.dtype, shape=spec.shape, upper=spec.upper)
