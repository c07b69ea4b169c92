"""Names of operators that torchvision wants to find, for a torch that its wheel was not built for.

Its import ends with an error where they are missing, and takes along whatever imports it. None
of the models here calls one.
"""

from typing import Final

TWO_RESULTS: Final = ("roi_pool", "ps_roi_align", "ps_roi_pool")
ONE_RESULT: Final = ("nms", "qnms", "roi_align", "qroi_align", "deform_conv2d")
BACKWARD: Final = tuple(
    f"_{name}_backward"
    for name in ("roi_align", "ps_roi_align", "roi_pool", "ps_roi_pool", "deform_conv2d")
)


def define() -> None:
    """Declare the operators, whose arguments nobody looks at; nothing that is there already."""
    import torch

    for name in (*ONE_RESULT, *TWO_RESULTS, *BACKWARD):
        results = "(Tensor, Tensor)" if name in TWO_RESULTS else "Tensor"
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", f"(Tensor input) -> {results}")


define()
