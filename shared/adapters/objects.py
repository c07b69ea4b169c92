"""Objects: the store that a URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from shared.adapters.objects_local import LocalObjects
from shared.adapters.objects_s3 import S3Objects
from shared.ports import ObjectStore


def open_store(url: str, *, sign: bool = True) -> ObjectStore:
    """
    Args:
        url: `file:///path`, made where it is missing, or `s3://bucket/prefix`.
        sign: whether users may be sent to the bucket itself, by signed URLs.

    Raises:
        StoreAway: the folder cannot be made. A bucket is asked for nothing yet.
    """
    if url.startswith("s3://"):
        return S3Objects(url, sign=sign)
    return LocalObjects(Path(unquote(urlsplit(url).path)))
