"""Repository: a folder of models as Triton reads it, and which of them is meant.

Source: Triton, docs/user_guide/model_repository.md. Triton looks at the folders of a
repository only (core, ModelRepositoryManager, GetDirectorySubdirs): a file at its top, such
as ours, is nothing to it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel
from shared.domain.formats import ONNX, PT2, SAVEDMODEL, TENSORRT, TORCHSCRIPT
from workers.triton_bridge.flow import check_ensemble
from workers.triton_bridge.protobuf import parsed
from workers.triton_bridge.rules import ENSEMBLE, backend_of, check_config

CONFIG: Final = "config.pbtxt"
MARK: Final = "modelferry.json"
"""At the top: {"main": the name of the model that was converted}."""

PYTHON_MODEL: Final = "model.py"

FILES: Final = {
    "onnxruntime": ("model.onnx", ONNX),
    "tensorrt": ("model.plan", TENSORRT),
    "tensorflow": ("model.savedmodel", SAVEDMODEL),
    "pytorch": ("model.pt", TORCHSCRIPT),
    "python": ("model.pt2", PT2),
}
"""By backend: what Triton calls the model's file, and its format. Python's is ours."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A folder whose configs Triton would take, by the models' names."""

    folder: Path
    models: Mapping[str, Any]

    def file(self, name: str) -> Path:
        """Where the file of a model lies, in the version that is served.

        Raises:
            InvalidModel: no version has it, or the backend is none that is run here.
        """
        config = self.models[name]
        backend = backend_of(config)
        if backend not in FILES:
            raise InvalidModel(
                f"The model {name!r} runs on Triton's backend {backend!r}, which is not run here.",
                node=name,
            )
        path = self._served(name) / (config.default_model_filename or FILES[backend][0])
        if backend == "python":
            path = self._served(name) / FILES[backend][0]
        nested = path / FILES[backend][0]
        path = nested if backend == "onnxruntime" and path.is_dir() else path
        if not path.exists():
            where = path.relative_to(self.folder)
            raise InvalidModel(f"The model {name!r} has no file {where}.", node=name)
        return path

    def main(self) -> str:
        """The model that was converted; else the only one, or the only ensemble.

        Raises:
            InvalidModel: there is none, or none stands out.
        """
        marked = self.folder / MARK
        if marked.is_file():
            return self._marked(marked)
        joined = [name for name, each in self.models.items() if each.platform == ENSEMBLE]
        candidates = joined if len(joined) == 1 else list(self.models)
        if len(candidates) != 1:
            raise InvalidModel(
                f"The repository holds the models {', '.join(candidates)}, and it is not said"
                " which is meant. Send a repository of one."
            )
        return candidates[0]

    def _marked(self, path: Path) -> str:
        try:
            name = json.loads(path.read_text(encoding="utf-8"))["main"]
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidModel(f"{MARK} of the repository cannot be read: {error}.") from error
        if not isinstance(name, str) or name not in self.models:
            raise InvalidModel(f"{MARK} names {name!r}, which the repository does not hold.")
        return name

    def _served(self, name: str) -> Path:
        """The version that Triton serves: the highest that the policy allows."""
        policy = self.models[name].version_policy
        found = versions(self.folder / name)
        if policy.WhichOneof("policy_choice") == "specific":
            found = {
                each: path for each, path in found.items() if each in policy.specific.versions
            }
        if not found:
            raise InvalidModel(f"The model {name!r} has no version that is served.", node=name)
        return found[max(found)]


def versions(folder: Path) -> dict[int, Path]:
    """The folders of one model that are versions: a number without a 0 before it."""
    return {
        int(each.name): each
        for each in sorted(folder.iterdir())
        if each.is_dir() and each.name.isascii() and each.name.isdigit() and each.name[0] != "0"
    }


def read(folder: Path) -> Repository:
    """The repository in a folder, with every config held against Triton's rules.

    Raises:
        InvalidModel: Triton would refuse one of its models; says which and why.
    """
    models = dict(_configs(folder))
    if not models:
        raise InvalidModel(f"The repository holds no model: no folder of it has a {CONFIG}.")
    for name, config in models.items():
        check_config(config, name)
        config.name = name
        if not versions(folder / name):
            raise InvalidModel(
                f"The model {name!r} has no version: a folder whose name is a number.", node=name
            )
    for config in models.values():
        if config.platform == ENSEMBLE:
            check_ensemble(config, models)
    return Repository(folder, models)


def _configs(folder: Path) -> Iterator[tuple[str, Any]]:
    for each in sorted(folder.iterdir()):
        path = each / CONFIG
        if path.is_file():
            yield each.name, parsed(path.read_text(encoding="utf-8", errors="replace"), each.name)
