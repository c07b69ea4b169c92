"""Packages: a program's source, its weights, and what a reader needs to know of both."""

import re
import subprocess
from pathlib import Path
from typing import Any, Final

from shared.domain.signatures import Signature
from workers.torch_source.source import Source

MODEL: Final = "model.py"
WEIGHTS: Final = "weights.safetensors"
SIGNATURE: Final = "signature.json"
README: Final = "README.md"


def write_package(folder: Path, source: Source, signature: Signature, examples: list[Any]) -> None:
    """Write the files into a new folder.

    Raises:
        FileNotFoundError: ruff is not installed.
        subprocess.CalledProcessError: the source is no Python.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    text = model_text(source, signature, examples)
    (folder / MODEL).write_text(formatted(text), encoding="utf-8")
    tensors = {name: each.contiguous().clone() for name, each in source.tensors.items()}
    save_file(tensors, folder / WEIGHTS)
    (folder / SIGNATURE).write_text(signature.model_dump_json(indent=2) + "\n", encoding="utf-8")
    (folder / README).write_text(_readme(source, signature), encoding="utf-8")


def model_text(source: Source, signature: Signature, examples: list[Any]) -> str:
    """The whole of model.py."""
    body = source.model
    imports = ["import torch"] if "torch." in body or examples else []
    functional = ["import torch.nn.functional as F"] if re.search(r"\bF\.", body) else []
    typed = ["from typing import Any", ""] if re.search(r"\bAny\b", body) else []
    head = [
        f'"""{source.root}: see README.md."""',
        "",
        "from pathlib import Path",
        *typed,
        "",
        *imports,
        *functional,
        "from safetensors.torch import load_model",
        "from torch import Tensor, nn",
        "",
        'WEIGHTS = Path(__file__).with_name("weights.safetensors")',
    ]
    made = ", ".join(
        _example(tensor, given.upper)
        for tensor, given in zip(examples, signature.inputs, strict=True)
    )
    comma = "," if len(examples) == 1 else ""
    tail = [
        f"def build() -> {source.root}:",
        '    """The model with its weights, in evaluation mode."""',
        f"    model = {source.root}()",
        "    load_model(model, WEIGHTS)",
        "    return model.eval()",
        "",
        "",
        "def example_inputs() -> tuple[Tensor, ...]:",
        '    """Inputs of the right shapes and types, with random content."""',
        f"    return ({made}{comma})",
    ]
    return "\n".join(["\n".join(head), "", "", body, "", "", "\n".join(tail), ""])


def _example(tensor: Any, upper: int | None) -> str:
    import torch

    shape = ", ".join(map(str, tensor.shape)) or "()"
    dtype = tensor.dtype
    if dtype == torch.bool:
        return f"torch.ones({shape}, dtype=torch.bool)"
    if dtype.is_floating_point or dtype.is_complex:
        named = "" if dtype == torch.float32 else f", dtype={dtype}"
        return f"torch.randn({shape}{named})"
    sizes = shape + "," if tensor.ndim == 1 else shape.replace("()", "")
    named = "" if dtype == torch.int64 else f", dtype={dtype}"
    return f"torch.randint({upper or 2}, ({sizes}){named})"


def formatted(text: str) -> str:
    """The text as `ruff format` lays it out.

    Raises:
        FileNotFoundError, subprocess.CalledProcessError: as with `write_package`.
    """
    from ruff import find_ruff_bin  # type: ignore[import-untyped] # it brings no types

    command = [
        find_ruff_bin(),
        "format",
        "--isolated",
        "--no-cache",
        "--stdin-filename",
        MODEL,
        "-",
    ]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return done.stdout


def _readme(source: Source, signature: Signature) -> str:
    rows = [
        f"| {what} | `{each.name}` | {each.dtype} | {_shape(each.shape)} |"
        for what, tensors in (("input", signature.inputs), ("output", signature.outputs))
        for each in tensors
    ]
    return "\n".join(
        [
            f"# {source.root}",
            "",
            (
                "`model.py` is the model, `weights.safetensors` its weights. It needs `torch` and"
                " `safetensors`, nothing else."
            ),
            "",
            "```python",
            "import model",
            "",
            "module = model.build()",
            "outputs = module(*model.example_inputs())",
            "```",
            "",
            "| | name | dtype | shape |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "`signature.json` says the same to programs. Dimensions with a name may vary.",
            "",
        ]
    )


def _shape(shape: Any) -> str:
    return ", ".join(map(str, shape)) if shape else "scalar"
