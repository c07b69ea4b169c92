"""Ranges: which bytes of an artifact a request wants (RFC 9110, section 14)."""

from dataclasses import dataclass

from flask import Response, after_this_request, request

from shared.domain.errors import RangeNotSatisfiable


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [start, end) of `size`."""

    start: int
    end: int
    size: int
    partial: bool = False

    @property
    def length(self) -> int:
        return self.end - self.start

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def wanted(size: int, etag: str) -> Span:
    """The span that Range and If-Range ask for.

    Everything, where there is no Range, where it has several ranges or another unit, and where
    If-Range names another version: a server may ignore a Range (RFC 9110, section 14.2).

    Raises:
        RangeNotSatisfiable: it begins behind the end.
    """
    whole = Span(0, size, size)
    if request.range is None or request.range.units != "bytes" or not _same_version(etag):
        return whole
    if len(request.range.ranges) != 1:
        return whole
    begin, end = request.range.ranges[0]
    start = max(size + begin, 0) if begin < 0 else begin
    if start >= size:
        after_this_request(lambda response: _of(response, size))
        raise RangeNotSatisfiable(f"The artifact has {size} bytes.", field="Range")
    return Span(start, min(end or size, size), size, partial=True)


def _of(response: Response, size: int) -> Response:
    response.headers["Content-Range"] = f"bytes */{size}"
    return response


def _same_version(etag: str) -> bool:
    if "If-Range" not in request.headers:
        return True
    condition = request.headers["If-Range"].strip()
    return condition == f'"{etag}"'
