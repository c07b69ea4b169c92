"""Datasets of HDF5: of the file itself, with the type that Keras noted of them."""

from typing import Any

from shared.domain.errors import InvalidModel
from workers.weights.dtypes import numpy_dtype
from workers.weights.variables import Array


def own(file: Any, place: str) -> Any:
    """The dataset, which lies in this very file.

    HDF5 can lead to other files by links, virtual datasets and external storage. Keras writes none
    of these, and following one would read, or write, what the sender has no right to.

    Raises:
        InvalidModel: it leads elsewhere, or is no dataset.
    """
    import h5py

    here: Any = file
    for part in place.strip("/").split("/"):
        if not isinstance(here, h5py.Group) or not isinstance(
            here.get(part, getlink=True), h5py.HardLink
        ):
            raise InvalidModel(f"{place!r} is no dataset of the file, or a link.", node=place)
        here = here[part]
    if not isinstance(here, h5py.Dataset) or here.external or here.is_virtual:
        raise InvalidModel(f"The data of {place!r} lie outside of the file.", node=place)
    return here


def dtype_of(dataset: Any) -> str:
    """numpy's name of the type; HDF5 has no bfloat16 of its own, so Keras notes it beside."""
    return str(dataset.attrs.get("dtype") or dataset.dtype.name)


def value(dataset: Any) -> Array:
    """All of it."""
    array: Array = dataset[()]
    return array.view(numpy_dtype(dtype_of(dataset))) if array.dtype.kind == "V" else array
