"""Naming: what a person would call a value, by what makes it and what it is used for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from workers.torch_source.arguments import arguments
from workers.torch_source.sizes import is_tensor
from workers.torch_source.values import Op, Value

PLAIN: Final = ("x", "y", "z", "u", "v", "w")
Users = Mapping[int, Sequence[Op]]
"""The calls that read a value, by its identity."""

VIEWS: Final = frozenset(
    {"view", "reshape", "transpose", "permute", "unflatten", "unsqueeze", "expand", "contiguous"}
)
FAR: Final = 6
"""Views that are looked through."""

USES: Final = {
    ("scaled_dot_product_attention", "query"): "query",
    ("scaled_dot_product_attention", "key"): "key",
    ("scaled_dot_product_attention", "value"): "value",
    ("scaled_dot_product_attention", "attn_mask"): "mask",
    ("masked_fill", "mask"): "mask",
    ("masked_fill_", "mask"): "mask",
    ("where", "condition"): "mask",
    ("embedding", "indices"): "ids",
    ("gather", "index"): "index",
    ("index_select", "index"): "index",
}
"""By operator and argument."""

MAKERS: Final = {
    "softmax": ("weights",),
    "_softmax": ("weights",),
    "arange": ("positions",),
    "topk": ("values", "indices"),
    "sort": ("values", "indices"),
    "max": ("values", "indices"),
    "min": ("values", "indices"),
    "argmax": ("indices",),
    "argmin": ("indices",),
    "mean": ("mean",),
    "var": ("variance",),
    "scaled_dot_product_attention": ("attention",),
    "cumsum": ("sums",),
    "cos": ("cos",),
    "sin": ("sin",),
    "eq": ("mask",),
    "ne": ("mask",),
    "gt": ("mask",),
    "lt": ("mask",),
    "ge": ("mask",),
    "le": ("mask",),
    "tril": ("mask",),
    "triu": ("mask",),
    "lstm": ("x", "hidden", "cell"),
    "gru": ("x", "hidden"),
    "rnn_tanh": ("x", "hidden"),
    "rnn_relu": ("x", "hidden"),
}
"""What comes out of an operator."""

AXES: Final = {
    2: ("batch", "length"),
    3: ("batch", "length", "width"),
    4: ("batch", "channels", "height", "width"),
}


def by_use(value: Value, users: Users) -> str | None:
    """What its users call it; those that only see it in another shape are looked through."""
    for _ in range(FAR):
        mine = users.get(id(value), ())
        for user in mine:
            if not hasattr(user.target, "_schema"):
                continue
            for name, given in arguments(user).items():
                if given.value is value and (user.key, name) in USES:
                    return USES[user.key, name]
        if len(mine) != 1 or mine[0].key not in VIEWS or mine[0].args[0] is not value:
            return None
        value = mine[0]
    return None


def by_maker(op: Op, place: int = 0) -> str | None:
    """What its operator gives, at a place among several results."""
    names = MAKERS.get(op.key, ())
    return names[place] if place < len(names) else None


def of_argument(value: Value, users: Users) -> str | None:
    """For an argument of a function: by its use, else by its type; None where that says little."""
    if used := by_use(value, users):
        return used
    example: Any = value.value
    if not is_tensor(example):
        return None
    if str(example.dtype) == "torch.bool":
        return "mask"
    return "i" if not example.ndim and "int" in str(example.dtype) else None


def of_length(axis: int, rank: int) -> str:
    """For the length of an axis."""
    names = AXES.get(rank, ("batch",))
    return names[axis] if axis < len(names) else "size"


def first_free(wanted: Iterable[str | None], taken: Callable[[str], bool]) -> str:
    """The first of the wanted names, or of the plain ones, that nobody has."""
    options = [each for each in wanted if each]
    for each in (*options, *PLAIN):
        if not taken(each):
            return each
    stem = options[0] if options else "x"
    number = 1 if not options else 2
    while taken(f"{stem}{number}"):
        number += 1
    return f"{stem}{number}"
