"""Texts: strings, of which torch has no tensors, moved about as numbers that stand for them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import torch


def textual(apply: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a translation that only moves or compares elements do so with strings as well.

    Strings arrive as numpy arrays of objects. Each is numbered, by its place among all of them
    in order, so that numbers compare as their strings do; the first of the outputs is read
    back.
    """

    @wraps(apply)
    def translated(*values: Any, **attributes: Any) -> Any:
        if not any(_is_text(value) for value in values):
            return apply(*values, **attributes)
        words = np.unique(
            np.concatenate([value.reshape(-1).astype(str) for value in values if _is_text(value)])
        ).astype(object)
        numbered = [_numbers(value, words) if _is_text(value) else value for value in values]
        made = apply(*numbered, **attributes)
        if isinstance(made, tuple):
            return (_words(made[0], words), *made[1:])
        return _words(made, words)

    return translated


def _is_text(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "OUS"


def _numbers(value: Any, words: Any) -> Any:
    places = np.searchsorted(words.astype(str), value.reshape(-1).astype(str))
    return torch.from_numpy(places.reshape(value.shape))


def _words(made: Any, words: Any) -> Any:
    if isinstance(made, list):
        return [_words(each, words) for each in made]
    return words[made.numpy()]
