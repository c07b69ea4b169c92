"""The documents say what the code does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]


def test_parts_drawn_from_code_are_current() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "docs/generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, f"run `python docs/generate.py`; behind: {check.stdout}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", document.read_text())
    missing = [each for each in targets if not (document.parent / each).exists()]
    assert not missing


def test_error_reference_is_complete() -> None:
    from shared.domain.errors import every_error

    reference = (ROOT / "docs/errors.md").read_text()
    for error in every_error():
        assert f"| `{error.code}` | {error.status} |" in reference


def test_error_tree_in_the_docstring_is_the_tree() -> None:
    from shared.domain import errors

    drawn = set(re.findall(r"[+x] (\w+)", errors.__doc__ or ""))
    assert drawn == {error.__name__ for error in errors.every_error()}


def test_error_codes_are_unique() -> None:
    from shared.domain.errors import every_error

    codes = [error.code for error in every_error()]
    assert len(codes) == len(set(codes))
