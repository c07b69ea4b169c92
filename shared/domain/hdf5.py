"""HDF5: what the superblock says about the file's length.

Source: HDF5 File Format Specification 3.0, section II.A.
"""

import os
from typing import BinaryIO, Final

from shared.domain.errors import TruncatedFile, UnknownFormat

MAGIC: Final = b"\x89HDF\r\n\x1a\n"

_HEAD: Final = 128  # bytes; more than any superblock
_PIECE: Final = 1 << 20  # bytes
_WIDTHS: Final = (2, 4, 8)
# By version: where the width of an address stands, and where the addresses begin.
_LAYOUTS: Final = {0: (13, 24), 1: (13, 28), 2: (9, 12), 3: (9, 12)}
_END_OF_FILE: Final = 2  # the third address


def mentions(reader: BinaryIO, word: bytes) -> bool:
    """Whether the file has these bytes anywhere: names of attributes stand in it as they are.

    Read in pieces that overlap, so that none is missed between two.
    """
    reader.seek(0)
    rest = b""
    while piece := reader.read(_PIECE):
        if word in rest + piece:
            return True
        rest = piece[-len(word) :]
    return False


def check_whole(reader: BinaryIO) -> None:
    """
    Raises:
        TruncatedFile: the file is shorter than its superblock says.
        UnknownFormat: the superblock is of no known version.
    """
    size = reader.seek(0, os.SEEK_END)
    reader.seek(0)
    head = reader.read(_HEAD)
    if len(head) < _HEAD:
        raise TruncatedFile("The HDF5 file ends within its first block. Send it again.")
    version = head[len(MAGIC)]
    if version not in _LAYOUTS:
        raise UnknownFormat(f"The HDF5 file has a superblock of unknown version {version}.")
    width_at, addresses_at = _LAYOUTS[version]
    width = head[width_at]
    if width not in _WIDTHS:
        raise UnknownFormat("The HDF5 file's superblock is damaged.")
    start = addresses_at + _END_OF_FILE * width
    end = int.from_bytes(head[start : start + width], "little")
    if end > size:
        raise TruncatedFile(
            f"The HDF5 file has {size} of its {end} bytes. Send the whole file again."
        )
