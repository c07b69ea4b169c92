"""The zips that torch writes: members of plain bytes below one folder."""

import struct
import zipfile
from pathlib import Path
from typing import Final

from shared.domain.errors import InvalidModel
from workers.weights.dtypes import is_known, numpy_dtype
from workers.weights.sections import Section
from workers.weights.torch_pickles import Stored

LOCAL_HEADER: Final = 30
"""Bytes of a local header before the name; its two last fields are two lengths."""


def member_offset(path: Path, member: zipfile.ZipInfo) -> int:
    """Where the bytes of a stored member begin.

    Raises:
        InvalidModel: the member is compressed, or its header is damaged.
    """
    if member.compress_type != zipfile.ZIP_STORED:
        raise InvalidModel(
            f"{member.filename} is compressed, which torch never does: the archive was packed"
            " again. Save it with torch.",
            node=member.filename,
        )
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(LOCAL_HEADER)
    if len(header) < LOCAL_HEADER:
        raise InvalidModel(f"The archive ends within {member.filename}. Save it again.")
    name, extra = struct.unpack("<HH", header[-4:])
    return int(member.header_offset + LOCAL_HEADER + name + extra)


class Members:
    """The members of one archive by their names below its folder."""

    def __init__(self, path: Path) -> None:
        """
        Raises:
            InvalidModel: it is no zip, is damaged, or was written on a big-endian machine.
        """
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                self._members = {
                    each.filename.partition("/")[2]: each for each in archive.infolist()
                }
                order = self._members.get("byteorder")
                if order and archive.read(order).strip() == b"big":
                    raise InvalidModel("The file was written on a big-endian machine.")
        except (zipfile.BadZipFile, OSError, EOFError) as error:
            raise InvalidModel(
                f"The archive is damaged ({error}). Save or download it again."
            ) from error

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def names(self) -> list[str]:
        """All of them, in the archive's order."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """All bytes of a small member.

        Raises:
            InvalidModel: it is missing or damaged.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                return archive.read(self._members[name])
        except (KeyError, zipfile.BadZipFile, OSError, EOFError) as error:
            raise InvalidModel(
                f"The archive has no readable member {name!r} ({error}). Save it again."
            ) from error

    def section(self, name: str, folder: str, tensor: Stored) -> Section:
        """Where a tensor lies.

        Raises:
            InvalidModel: its storage is missing or too short, or its type is unknown to numpy.
        """
        member = self._members.get(f"{folder}/{tensor.key}")
        if member is None:
            raise InvalidModel(
                f"The archive has no data of the tensor {name!r}. Save it again.", node=name
            )
        if not is_known(tensor.dtype):
            raise InvalidModel(
                f"The tensor {name!r} is of type {tensor.dtype}, which numpy has no counterpart"
                " of. Save it in another type.",
                node=name,
            )
        if tensor.offset < 0 or min((*tensor.shape, *tensor.strides), default=0) < 0:
            raise InvalidModel(f"The tensor {name!r} has an impossible shape.", node=name)
        start = member_offset(self.path, member)
        found = Section(
            self.path,
            start + tensor.offset * int(numpy_dtype(tensor.dtype).itemsize),
            tensor.dtype,
            tensor.shape,
            tensor.strides,
        )
        if found.end > start + member.file_size:
            raise InvalidModel(
                f"The tensor {name!r} reaches beyond its data. Save it again.", node=name
            )
        return found
