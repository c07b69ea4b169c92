"""Named: a model of transformers as a module whose inputs have a place and outputs a name."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Final

from workers.runtimes.output_names import joined, unique

CACHES: Final = frozenset(
    {"past_key_values", "mems", "cache_params", "state", "past_buckets_states"}
)
"""Outputs that are fed back at the next call, and no answers."""


def named(model: Any, inputs: Sequence[str]) -> Any:
    """An nn.Module that calls `model` with its positional inputs under those names.

    It gives a dict of tensors under the names of the model's own output, without caches; what
    is nested is joined by underscores.
    """
    import torch

    class Named(torch.nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *given: Any) -> dict[str, Any]:
            return flattened(self.model(**dict(zip(inputs, given, strict=True))))

    places = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for name in ("self", *inputs)
    ]
    Named.forward.__signature__ = inspect.Signature(places)  # type: ignore[attr-defined] # the exporter names the program's inputs by it
    return Named().eval()


def flattened(output: Any) -> dict[str, Any]:
    """The tensors of a model's output by name."""
    import torch

    pytree = torch.utils._pytree  # noqa: SLF001 - torch has no public one
    paths, _ = pytree.tree_flatten_with_path(_kept(output))
    tensors = [(path, each) for path, each in paths if isinstance(each, torch.Tensor)]
    names = unique([joined([_key(part) for part in path]) for path, _ in tensors])
    return dict(zip(names, (each for _, each in tensors), strict=True))


def _kept(output: Any) -> Any:
    """Plain dicts and lists of it, whose keys say what is what."""
    if isinstance(output, Mapping):
        return {name: _kept(each) for name, each in output.items() if name not in CACHES}
    if isinstance(output, list | tuple):
        return [_kept(each) for each in output]
    return output


def _key(part: Any) -> str:
    return str(getattr(part, "key", getattr(part, "idx", part)))
