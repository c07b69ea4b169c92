"""Assemble: the last act of every converter to Triton. Nothing counts before it was read back."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.domain.archives import unpack
from shared.domain.errors import InvalidOptions
from shared.domain.signatures import Signature, Tensor
from workers.converter import Bench
from workers.runtime import MOST_UNPACKED
from workers.triton_bridge.config import Backend, configured
from workers.triton_bridge.names import check_chosen
from workers.triton_bridge.options import TritonOptions
from workers.triton_bridge.protobuf import written
from workers.triton_bridge.repository import CONFIG, MARK, Repository, read
from workers.triton_bridge.warmup import warm
from workers.triton_bridge.wiring import joined

VERSION_OF_ENSEMBLE = "1"


def assemble(
    bench: Bench[TritonOptions],
    signature: Signature,
    backend: Backend,
    place: Callable[[Path], None],
    *,
    renamed: bool = False,
) -> None:
    """Write the repository at `bench.target`.

    Args:
        signature: under the source's own names.
        place: puts the model's files into the version folder.
        renamed: Triton's names are INPUT__0, OUTPUT__0…, in the signature's order.

    Raises:
        InvalidOptions: an option does not fit the model, or two models have one name.
        StepRefused: Triton cannot serve such a model.
        SamplesRequired, BadSamples: of a warm-up with samples.
    """
    options = bench.options
    check_chosen(options.model_name, "model_name")
    check_chosen(options.ensemble_name, "ensemble_name")
    known_as = numbered(signature) if renamed else signature
    config = configured(known_as, backend, options)
    bench.say("laying the repository out", progress=0.3)
    folder = bench.target / options.model_name
    version = folder / str(options.version)
    version.mkdir(parents=True)
    place(version)
    warm(config, signature, options.warmup, bench.samples, folder)
    (folder / CONFIG).write_text(written(config), encoding="utf-8")
    _include(bench)
    if options.ensemble:
        bench.say("joining the ensemble", progress=0.7)
        _join(options, read(bench.target))
    (bench.target / MARK).write_text(json.dumps({"main": options.model_name}) + "\n")
    bench.say("reading the repository back", progress=0.8)
    bench.note(triton=_facts(read(bench.target)))


def numbered(signature: Signature) -> Signature:
    """The names that Triton's PyTorch backend knows tensors by: their positions."""
    return Signature(
        inputs=tuple(_called(each, f"INPUT__{i}") for i, each in enumerate(signature.inputs)),
        outputs=tuple(_called(each, f"OUTPUT__{i}") for i, each in enumerate(signature.outputs)),
    )


def _called(tensor: Tensor, name: str) -> Tensor:
    return tensor.model_copy(update={"name": name})


def _include(bench: Bench[TritonOptions]) -> None:
    """Put the models of other repositories beside the new one."""
    for number, extra in enumerate(bench.extras):
        folder = bench.folder / f"extra-{number}.unpacked"
        unpack(extra, folder, MOST_UNPACKED)
        for name in read(folder).models:
            if (bench.target / name).exists():
                raise InvalidOptions(
                    f"Two models of the repository would be called {name!r}. Convert one of them"
                    " with another model_name.",
                    field="options.model_name",
                )
            shutil.move(folder / name, bench.target / name)


def _join(options: TritonOptions, repository: Repository) -> None:
    name = options.ensemble_name
    if name in repository.models:
        raise InvalidOptions(
            f"ensemble_name is {name!r}, and a model of the repository is called so.",
            field="options.ensemble_name",
        )
    config = joined(options.ensemble, name, repository.models)
    (repository.folder / name / VERSION_OF_ENSEMBLE).mkdir(parents=True)
    (repository.folder / name / CONFIG).write_text(written(config), encoding="utf-8")


def _facts(repository: Repository) -> list[dict[str, Any]]:
    return [
        {
            "model": name,
            "backend": config.backend or config.platform,
            "max_batch_size": config.max_batch_size,
        }
        for name, config in repository.models.items()
    ]
