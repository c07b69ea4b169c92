"""docs/direct.md: its example runs, and its table names the families that there are."""

import re
from pathlib import Path
from typing import Any

from workers.transplant.families import families

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "direct.md").read_text()


def test_the_example_runs() -> None:
    mapping = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert mapping is not None
    names: dict[str, Any] = {"mapping": mapping[1]}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "docs/direct.md", "exec"), names)  # noqa: S102 - a page of our own


def test_the_families_are_those_that_there_are() -> None:
    table = PAGE.partition("| family |")[2].partition("\n\n")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert sorted(re.findall(r"`([\w-]+)`", " ".join(first_cells))) == list(families())
