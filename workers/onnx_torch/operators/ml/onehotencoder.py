"""OneHotEncoder: a new axis with a one for the category of each element."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from workers.onnx_graph.registry import operator


@operator("OneHotEncoder")
def one_hot_encoder(
    x: Any, *, cats_int64s: list[int] | None, cats_strings: list[str] | None
) -> Tensor:
    """What is in no category has zeros; `zeros`, which would forbid that, is not heeded."""
    if isinstance(x, np.ndarray):
        known = {word: place for place, word in enumerate(cats_strings or [])}
        flat = [known.get(str(each), -1) for each in x.reshape(-1)]
        places, categories = torch.tensor(flat).reshape(x.shape), torch.arange(len(known))
    else:
        places, categories = x.long(), torch.tensor(cats_int64s)
    return (places[..., None] == categories).float()
