"""Draw the pictures of docs/direct.md from real runs.

    python docs/pictures.py

The first two are of the page's own example, so that they show what a reader gets.
"""

import re
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from workers.transplant import transplant  # noqa: E402 - the path comes first
from workers.transplant.applying import apply  # noqa: E402
from workers.transplant.families import named  # noqa: E402
from workers.transplant.live_torch import TorchWeights  # noqa: E402
from workers.transplant.picture import svg  # noqa: E402
from workers.transplant.report import report  # noqa: E402
from workers.weights.variables import Framework  # noqa: E402

FOLDER: Final = ROOT / "docs" / "pictures"


def example() -> dict[str, Any]:
    """The names that the page's first block makes."""
    page = (ROOT / "docs" / "direct.md").read_text()
    first = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    if first is None:
        raise SystemExit("docs/direct.md has no example")
    made: dict[str, Any] = {}
    exec(compile(first[1], "docs/direct.md", "exec"), made)  # noqa: S102 - a page of our own
    return made


def incomplete(made: dict[str, Any]) -> dict[str, Any]:
    """The example's source, into a module that has another layer besides."""
    from torch import nn

    target = made["Reader"]()
    target.extra = nn.Linear(7, 7)
    done = transplant(made["source"], target, dry_run=True)
    return done.told


def large() -> dict[str, Any]:
    """GPT-2 of twelve layers, to the names of its authors."""
    import transformers

    config = transformers.GPT2Config(
        n_embd=8, n_head=2, vocab_size=20, bos_token_id=0, eos_token_id=0
    )
    weights = TorchWeights(transformers.GPT2LMHeadModel(config))
    transfer = apply(named("gpt2", Framework.PYTORCH), weights, None).transfer()
    return report(transfer, weights, None)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    made = example()
    for name, told in {
        "mapping": transplant(made["source"], made["Reader"](), dry_run=True).told,
        "mapping-incomplete": incomplete(made),
        "mapping-large": large(),
    }.items():
        (FOLDER / f"{name}.svg").write_text(svg(told))
        sys.stdout.write(f"docs/pictures/{name}.svg\n")


if __name__ == "__main__":
    main()
