"""Triton model repositories: their main model, run by the runtime of the file inside.

There is no Triton here. What it would refuse of a config is refused, names, dtypes and batches
are those of the config, and the numbers are those of the file.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from typing_extensions import override

from shared.domain.engines import ENGINE_FILE, MANIFEST_FILE
from shared.domain.errors import InvalidModel
from shared.domain.formats import SAVEDMODEL, TENSORRT, TORCHSCRIPT, TRITON, Format
from shared.domain.signatures import Inspection
from workers.runtime import Given, Runtime, Session, Sizes
from workers.runtimes.torchscript import load_script
from workers.runtimes.torchscript_guess import names
from workers.triton_bridge.repository import FILES, Repository, read
from workers.triton_bridge.rules import ENSEMBLE, backend_of
from workers.triton_bridge.serving import by_argument, chained, described, dims_of, served
from workers.triton_bridge.tensorflow import SIGNATURE
from workers.verification.dims import BATCHES, LENGTHS


class TritonRuntime(Runtime):
    """A zip of a repository. The model that was converted is meant, or the only one."""

    format: ClassVar[Format] = TRITON
    packages: ClassVar[tuple[str, ...]] = ("tritonclient", "numpy")

    def __init__(self, inner: Mapping[str, Runtime]) -> None:
        """`inner`: the runtimes of the files in a repository, by format."""
        self._inner = inner

    @override
    def prepare(self, path: Path, folder: Path) -> Path:
        prepared = super().prepare(path, folder)
        read(prepared).main()
        return prepared

    @override
    def sizes(self, path: Path) -> Sizes | None:
        """Batches up to the largest, where that is smaller than what is tried otherwise."""
        repository = read(path)
        name = repository.main()
        config = repository.models[name]
        if not 0 < config.max_batch_size < max(BATCHES):
            return None
        open_ended = any(-1 in each.dims for each in config.input)
        return tuple(
            {each.name: (batch, *_filled(config, each, length)) for each in config.input}
            for batch in sorted({1, int(config.max_batch_size)})
            for length in LENGTHS[: 2 if open_ended else 1]
        )

    @override
    def most(self, path: Path) -> int | None:
        repository = read(path)
        return int(repository.models[repository.main()].max_batch_size) or None

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        repository = read(path)
        name = repository.main()
        config = repository.models[name]
        if config.platform == ENSEMBLE:
            return self._joined(repository, config)
        member = self._member(repository, name)
        found = member.runtime.inspect(member.path, member.given)
        signature = described(config, found.signature)
        return found.model_copy(update={"format": self.format.name, "signature": signature})

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        repository = read(path)
        name = repository.main()
        config = repository.models[name]
        with ExitStack() as stack:
            sessions = {
                each: stack.enter_context(self._member(repository, each).open())
                for each in _members(config, name)
            }
            if config.platform != ENSEMBLE:
                session = sessions[name]
                yield Session(described(config, session.signature), served(config, session))
                return
            runs = {
                each: served(repository.models[each], session, outside=True)
                for each, session in sessions.items()
            }
            yield Session(described(config, None), chained(config, runs))

    @override
    def measure(self, path: Path, beside: Path | None) -> dict[str, Any] | None:
        repository = read(path)
        name = repository.main()
        if repository.models[name].platform == ENSEMBLE:
            return None
        member = self._member(repository, name)
        return member.runtime.measure(member.path, beside)

    def _joined(self, repository: Repository, config: Any) -> Inspection:
        """All that the members of an ensemble are together."""
        members = _members(config, config.name)
        told = [
            each.runtime.inspect(each.path, each.given)
            for each in (self._member(repository, name) for name in members)
        ]
        operators: Counter[str] = Counter()
        for each in told:
            operators.update(each.operators)
        return Inspection(
            format=self.format.name,
            signature=described(config, None),
            parameters=sum(each.parameters for each in told),
            operators=dict(operators.most_common()),
            producer=f"ensemble of {', '.join(members)}",
        )

    def _member(self, repository: Repository, name: str) -> "_Member":
        """How one model is run.

        Raises:
            InvalidModel: this process has no runtime for its file.
        """
        path = repository.file(name)
        config = repository.models[name]
        _, kind = FILES[backend_of(config)]
        runtime = self._inner.get(kind.name)
        if runtime is None:
            raise InvalidModel(f"The model {name!r} is a {kind.title}; none is run here.")
        if kind == TENSORRT:
            path = _engine(path)
        if kind == SAVEDMODEL and SIGNATURE in config.parameters:
            wanted = config.parameters[SIGNATURE].string_value
            path = runtime.choose(path, {"signature": wanted})
        given = by_argument(config, names(load_script(path))) if kind == TORCHSCRIPT else {}
        return _Member(runtime, path, given)


@dataclass(frozen=True, slots=True)
class _Member:
    """One model of the repository; `given` is what its file does not say of its inputs."""

    runtime: Runtime
    path: Path
    given: Given

    def open(self) -> Any:
        return self.runtime.open(self.path, self.given)


def _members(config: Any, name: str) -> tuple[str, ...]:
    """The models that run when this one does."""
    if config.platform != ENSEMBLE:
        return (name,)
    return tuple(dict.fromkeys(each.model_name for each in config.ensemble_scheduling.step))


def _filled(config: Any, tensor: Any, length: int) -> tuple[int, ...]:
    """The lengths behind the batch."""
    _, *dims = dims_of(config, tensor, outside=config.platform == ENSEMBLE)
    return tuple(each if each > 0 else length for each in dims)


def _engine(plan: Path) -> Path:
    """An engine as it lies elsewhere: under its own name, with the manifest.

    Raises:
        InvalidModel: there is no manifest beside the plan.
    """
    manifest = plan.parent / MANIFEST_FILE
    if not manifest.is_file():
        raise InvalidModel(
            f"There is no {MANIFEST_FILE} beside {plan.name}, so it is not known what the engine"
            " needs. Convert its model with the targets tensorrt and triton."
        )
    folder = plan.parent / "engine"
    if not folder.exists():
        folder.mkdir()
        shutil.copyfile(manifest, folder / MANIFEST_FILE)
        (folder / ENGINE_FILE).symlink_to(plan)
    return folder
