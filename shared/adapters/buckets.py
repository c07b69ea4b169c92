"""Buckets: how one of S3, or of a server that speaks its protocol, is reached."""

import os
from datetime import timedelta
from typing import Final

from obstore.store import S3Store

_TRUE: Final = ("1", "true", "yes", "on")


def open_bucket(url: str) -> S3Store:
    """
    Args:
        url: `s3://bucket/prefix`; the rest comes from AWS_* variables.
    """
    return S3Store.from_url(
        url,
        client_options={
            "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in _TRUE,
            "connect_timeout": timedelta(seconds=3),
            "read_timeout": timedelta(seconds=60),
            "timeout": timedelta(days=1),  # of a whole download; it is stalls that matter
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=15)},
    )
