"""`python -m api.describe`: write docs/openapi.json."""

from pathlib import Path
from typing import Final

from api.app import bare_app
from api.openapi import document, written

FILE: Final = Path(__file__).parents[1] / "docs" / "openapi.json"


def main() -> None:
    """The document that the code makes, as it lies in docs/."""
    FILE.write_text(written(document(bare_app())))


if __name__ == "__main__":
    main()
