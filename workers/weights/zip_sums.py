"""Checksums of zip members that were written over in place.

Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7 and 4.3.12.
"""

import struct
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, Final
from zlib import crc32

from workers.weights.torch_zips import member_offset

IN_LOCAL: Final = 14
"""Where the checksum is, from the beginning of a local header."""

IN_CENTRAL: Final = 16
"""Where it is, from the beginning of an entry of the central directory."""

CENTRAL: Final = struct.Struct("<4s24x3H12x")
"""Such an entry before its name: signature, and the lengths of name, extra and comment."""

BLOCK: Final = 4 << 20


def mend(path: Path, offsets: Collection[int]) -> None:
    """Write the checksums of those stored members anew that hold any of these bytes."""
    with zipfile.ZipFile(path) as archive:
        members, start = archive.infolist(), archive.start_dir
    with path.open("r+b") as file:
        entry = start
        for member in members:
            file.seek(entry)
            _, *lengths = CENTRAL.unpack(file.read(CENTRAL.size))
            if member.compress_type == zipfile.ZIP_STORED:
                begin = member_offset(path, member)
                end = begin + member.file_size
                if any(begin <= each < end for each in offsets):
                    summed = struct.pack("<I", _sum(file, begin, member.file_size))
                    for place in (member.header_offset + IN_LOCAL, entry + IN_CENTRAL):
                        file.seek(place)
                        file.write(summed)
            entry += CENTRAL.size + sum(lengths)


def _sum(file: BinaryIO, begin: int, size: int) -> int:
    file.seek(begin)
    total, left = 0, size
    while left:
        block = file.read(min(BLOCK, left))
        total, left = crc32(block, total), left - len(block)
    return total
