"""Tenants: whose things a request sees."""

import re
from typing import Final

from flask import request

from shared.domain.errors import InvalidSchema

HEADER: Final = "X-Modelferry-Tenant"
DEFAULT: Final = "default"
PATTERN: Final = "[A-Za-z0-9_-]{1,64}"


def tenant() -> str:
    """The tenant that the request names.

    Raises:
        InvalidSchema: no tenant can be called that.
    """
    name: str = request.headers.get(HEADER, DEFAULT)
    if not re.fullmatch(PATTERN, name):
        raise InvalidSchema(
            "A tenant's name is 1 to 64 letters, digits, '_' or '-'.", field=HEADER
        )
    return name
