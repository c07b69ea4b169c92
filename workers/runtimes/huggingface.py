"""Model folders of the transformers library, run by PyTorch on the CPU."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray
from typing_extensions import override

from shared.domain.formats import HUGGINGFACE, Format
from shared.domain.signatures import Inspection
from workers.huggingface.folder import root_of, settle_weights
from workers.runtime import Arrays, Given, Runtime, Session
from workers.runtimes.huggingface_load import load_folder
from workers.torch_files.arrays import from_torch, to_torch


class HuggingfaceRuntime(Runtime):
    """config.json beside safetensors, as save_pretrained writes them."""

    format: ClassVar[Format] = HUGGINGFACE
    packages: ClassVar[tuple[str, ...]] = ("transformers", "torch", "safetensors")

    @override
    def prepare(self, path: Path, folder: Path) -> Path:
        root = root_of(super().prepare(path, folder))
        settle_weights(root)
        return root

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        loaded = load_folder(path, given)
        leaves = [each for each in loaded.module.modules() if not list(each.children())]
        return Inspection(
            format=self.format.name,
            signature=loaded.signature,
            parameters=sum(each.numel() for each in loaded.module.parameters()),
            operators=dict(Counter(type(each).__name__ for each in leaves).most_common()),
            producer=f"transformers ({loaded.architecture})",
        )

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        import torch

        loaded = load_folder(path, given)
        order = [each.name for each in loaded.signature.inputs]

        def run(inputs: Arrays) -> dict[str, NDArray[Any]]:
            with torch.inference_mode():
                outputs = loaded.module(*(to_torch(inputs[name]) for name in order))
            return {name: from_torch(each) for name, each in outputs.items()}

        yield Session(loaded.signature, run)
