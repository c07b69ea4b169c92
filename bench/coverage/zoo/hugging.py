"""Hugging: models of the transformers library from tiny configurations, with random weights."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.coverage.zoo.architecture import Made

LENGTH: Final = 10
"""Of texts, in tokens."""

WORDS: Final = 99
"""Of vocabularies."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """`config` and `model` are names of classes; the model is called with `inputs` by name.

    `sizes` are those of the configuration; `told` are further arguments of each call; `output`
    is the field that is kept, the first one without it.
    """

    config: str
    model: str
    inputs: Mapping[str, Callable[[], Any]]
    sizes: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    output: str | None = None


def makers(recipes: Mapping[str, Recipe]) -> dict[str, Callable[[], Made]]:
    """What makes each of them."""
    return {name: lambda recipe=each: made(recipe) for name, each in recipes.items()}  # type: ignore[misc] # mypy knows no default of a lambda


def made(recipe: Recipe) -> Made:
    """The module, whose inputs are positional and whose output is one tensor, and its inputs."""
    import torch
    import transformers

    class Plain(torch.nn.Module):  # type: ignore[misc] # torch is not typed here
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            named = dict(zip(recipe.inputs, inputs, strict=True))
            outputs = self.model(**named, **recipe.told)
            return outputs[recipe.output] if recipe.output else outputs[0]

    config = getattr(transformers, recipe.config)(**recipe.sizes)
    model = getattr(transformers, recipe.model)(config)
    return Plain(model), tuple(make() for make in recipe.inputs.values())


def ids(length: int = LENGTH) -> Callable[[], Any]:
    """int64 (2, length)."""

    def make() -> Any:
        import torch

        return torch.randint(3, WORDS, (2, length))

    return make


def ones(length: int = LENGTH) -> Callable[[], Any]:
    """A mask that hides nothing: int64 (2, length)."""

    def make() -> Any:
        import torch

        return torch.ones(2, length, dtype=torch.int64)

    return make


def noise(*shape: int) -> Callable[[], Any]:
    """float32 (2, *shape)."""

    def make() -> Any:
        import torch

        return torch.randn(2, *shape)

    return make


def picture(side: int = 32) -> Mapping[str, Callable[[], Any]]:
    """An image of three channels."""
    return {"pixel_values": noise(3, side, side)}


def text(*names: str) -> Mapping[str, Callable[[], Any]]:
    """Token ids and a mask, or what `names` says."""
    chosen: Sequence[str] = names or ("input_ids", "attention_mask")
    return {name: ones() if name.endswith("mask") else ids() for name in chosen}
