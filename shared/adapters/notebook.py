"""The notebook: the one that lies in the store that a URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from shared.adapters.locks import Locks
from shared.adapters.notebook_local import LocalNotebook
from shared.adapters.notebook_s3 import S3Notebook
from shared.ports import Notebook


def open_notebook(url: str, locks: Locks) -> Notebook:
    """
    Args:
        url: `file:///path` or `s3://bucket/prefix`, as of the object store.
        locks: of the fleet, for a bucket whose server knows no conditions.

    Raises:
        StoreAway: the folder cannot be made. A bucket is asked for nothing yet.
    """
    if url.startswith("s3://"):
        return S3Notebook(url, locks)
    return LocalNotebook(Path(unquote(urlsplit(url).path)))
