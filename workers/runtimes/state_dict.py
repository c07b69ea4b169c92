"""PyTorch state_dicts, looked into."""

from typing import ClassVar

from shared.domain.formats import STATE_DICT, Format
from workers.runtimes.weights_alone import WeightsRuntime


class StateDictRuntime(WeightsRuntime):
    """What torch.save writes of a module's state_dict."""

    format: ClassVar[Format] = STATE_DICT
    packages: ClassVar[tuple[str, ...]] = ("torch", "numpy")
