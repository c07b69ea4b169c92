"""PyTorch source packages, run by PyTorch on the CPU: the code of `model.py` and its weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray
from typing_extensions import override

from shared.domain.errors import InvalidModel
from shared.domain.folders import packages
from shared.domain.formats import PYTORCH, Format
from shared.domain.signatures import Inspection, Signature
from workers.runtime import Arrays, Given, Runtime, Session
from workers.runtimes.pytorch_code import Package, load_package
from workers.runtimes.pytorch_contained import contained
from workers.torch_files.arrays import from_torch, to_torch


class PytorchRuntime(Runtime):
    """A folder, or one within it, with a `model.py`; weights may lie beside it."""

    format: ClassVar[Format] = PYTORCH
    packages: ClassVar[tuple[str, ...]] = ("torch", "safetensors")

    @override
    def prepare(self, path: Path, folder: Path) -> Path:
        tree = super().prepare(path, folder)
        files = [each.relative_to(tree).as_posix() for each in tree.rglob("model.py")]
        found = packages(files)
        if len(found) != 1:
            raise InvalidModel(
                f"The archive must hold one model.py, it holds {len(found)}. Send the package's"
                " own folder."
            )
        return (tree / found[0]).parent

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        package = load_package(path)
        return Inspection(
            format=self.format.name,
            signature=package.signature,
            parameters=sum(each.numel() for each in package.module.parameters()),
            operators=kinds_of(package),
            producer="PyTorch",
        )

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        package = load_package(path)
        run = _runner(package, package.signature)
        yield Session(package.signature, run, branches=True)  # whatever its Python does


def _runner(package: Package, signature: Signature) -> Any:
    import torch

    order = [each.name for each in signature.inputs]
    names = [each.name for each in signature.outputs]

    def run(inputs: Arrays) -> dict[str, NDArray[Any]]:
        tensors = [to_torch(inputs[name]) for name in order]
        with torch.inference_mode(), contained():
            flat = torch.utils._pytree.tree_leaves(package.module(*tensors))  # noqa: SLF001 - torch has no public one
        given = [each for each in flat if isinstance(each, torch.Tensor)]
        return dict(zip(names, map(from_torch, given), strict=True))

    return run


def kinds_of(package: Package) -> dict[str, int]:
    """How many modules of each type of torch.nn there are."""
    from collections import Counter

    leaves = [each for each in package.module.modules() if not list(each.children())]
    named = Counter(type(each).__name__ for each in leaves)
    return dict(named.most_common())
