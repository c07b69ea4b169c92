"""Transplants: the weights of a model or of a checkpoint, into a template or alone.

One edge for each format that weights are taken from and each that they go to: what differs
between them are the stores (`workers.weights`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import Field

from shared.domain.errors import StepRefused
from shared.domain.formats import (
    KERAS,
    KERAS_H5,
    KERAS_WEIGHTS,
    PT2,
    SAFETENSORS,
    SAVEDMODEL,
    STATE_DICT,
    TF_CHECKPOINT,
    TORCHSCRIPT,
    Format,
)
from shared.domain.jobs import MAPPING, TEMPLATE
from shared.domain.offers import Fidelity
from workers.converter import Bench, Converter, Options, converter
from workers.weights.variables import Framework, Variable, Weights

UNPROVEN: Final = 0.72
"""The confidence below which a variable is asked about where no run would show it wrong: equal
layers that are told apart by their order alone lie below."""

LONGEST_MAPPING: Final = 1 << 18  # characters

FRAMEWORKS: Final[Mapping[Format, Framework]] = {
    KERAS: Framework.TENSORFLOW,
    KERAS_H5: Framework.TENSORFLOW,
    SAVEDMODEL: Framework.TENSORFLOW,
    TF_CHECKPOINT: Framework.TENSORFLOW,
    KERAS_WEIGHTS: Framework.TENSORFLOW,
    PT2: Framework.PYTORCH,
    TORCHSCRIPT: Framework.PYTORCH,
    STATE_DICT: Framework.PYTORCH,
    SAFETENSORS: Framework.PYTORCH,
}
"""Where weights are taken from, and whose names they have there."""

TEMPLATES: Final = (KERAS, KERAS_H5, SAVEDMODEL, PT2, TORCHSCRIPT, STATE_DICT, SAFETENSORS)
"""What weights can be put into."""

ALONE: Final = (STATE_DICT, SAFETENSORS, TF_CHECKPOINT, KERAS_WEIGHTS)
"""What they can be written to without a template."""

PACKAGES: Final = ("h5py", "ml-dtypes", "numpy", "scipy", "tensorflow-cpu", "torch")


class Mapped(Options):
    mapping: str | None = Field(
        None,
        max_length=LONGEST_MAPPING,
        description="Which variable is which: the name of a known family, or the text of a mapping"
        " file.",
    )


class Templated(Mapped):
    template: str | None = Field(
        None,
        description="The id of an uploaded model that the weights are put into; the result is that"
        " model with these weights.",
    )


def transplants() -> Iterator[Converter[Any]]:
    """Every edge."""
    for source in FRAMEWORKS:
        yield from (_into(source, target) for target in TEMPLATES)
        yield from (_alone(source, target) for target in ALONE if _changes(source, target))


def _changes(source: Format, target: Format) -> bool:
    """Whether there is something to do. A program's safetensors have an edge of their own."""
    return source != target and (source, target) != (PT2, SAFETENSORS)


def _into(source: Format, target: Format) -> Converter[Any]:
    @converter(
        source,
        target,
        name=f"{source}-into-{target}",
        options=Templated,
        summary=f"The weights put into a template, a {target.title}; each variable read back",
        version=2,
        packages=PACKAGES,
        memory=2.0,
        fidelity=Fidelity.EXACT,
        asked_by=TEMPLATE,
        asked_for=target.name,
        transplant=True,
    )
    def convert(bench: Bench[Templated]) -> None:
        from workers.transplant.deciding import into_template
        from workers.transplant.running_files import File
        from workers.weights.opening import open_weights
        from workers.weights.templates import fill_template

        if bench.template is None:
            raise StepRefused("The step was given no template.")
        bench.say("reading the names and shapes", progress=0.05)
        with (
            open_weights(bench.source, source.name) as weights,
            open_weights(bench.template, target.name) as template,
        ):
            transfer = into_template(weights, template, bench.options.mapping)
            if bench.options.mapping is None:
                here = File(bench.source, source.name, weights)
                transfer = _run(here, File(bench.template, target.name, template), transfer)
            run = source.unrunnable is None and target.unrunnable is None
            least = 0.0 if run else UNPROVEN
            _note(bench, transfer, weights, template, FRAMEWORKS[target], least=least)
            with fill_template(bench.template, target.name, bench.target) as sink:
                _carry(bench, transfer, weights, sink)
            _compare(bench, transfer, weights, target)

    return convert


def _run(source: Any, template: Any, transfer: Any) -> Any:
    """The transfer that a run of both models speaks for, where they can be run here."""
    from dataclasses import replace

    from workers.transplant.running_files import by_running_files

    try:
        return by_running_files(source, template) or transfer
    except Exception as error:  # noqa: BLE001 - models are of anybody's making, and so is what they raise
        why = f"{type(error).__name__}: {error}"[:300]
        said = f"the models were not run here to tell equal layers apart ({why})"
        return replace(transfer, notes=(*transfer.notes, said))


def _alone(source: Format, target: Format) -> Converter[Any]:
    to = FRAMEWORKS[target]
    crossing = FRAMEWORKS[source] is not to

    @converter(
        source,
        target,
        name=f"{source}-weights-to-{target}",
        options=Mapped,
        summary="The weights alone, each read back"
        + (", by a mapping or of a known family" if crossing else ""),
        version=1,
        packages=PACKAGES,
        memory=2.0,
        fidelity=Fidelity.EXACT,
        asked_by=MAPPING if crossing and not source.weights else None,
        asked_for=None if crossing and not source.weights else True,
        transplant=True,
    )
    def convert(bench: Bench[Mapped]) -> None:
        from workers.transplant.deciding import alone
        from workers.weights.opening import open_weights
        from workers.weights.writing import write_weights

        bench.say("reading the names and shapes", progress=0.05)
        with open_weights(bench.source, source.name) as weights:
            transfer = alone(weights, to, bench.options.mapping)
            _note(bench, transfer, weights, None, to, least=UNPROVEN)
            variables = _made(transfer, weights)
            ties = weights.ties if not crossing else {}
            with write_weights(bench.target, target.name, variables, ties) as sink:
                _carry(bench, transfer, weights, sink)
            _compare(bench, transfer, weights, target)

    return convert


def _note(
    bench: Bench[Any],
    transfer: Any,
    source: Weights,
    template: Weights | None,
    to: Framework,
    *,
    least: float,
) -> None:
    """Show every decision, also of a transfer that is refused, and what reading left out."""
    from workers.transplant.deciding import insist, noted
    from workers.transplant.report import report
    from workers.transplant.saving import saved

    transfer = noted(transfer, source)
    bench.note(
        mapping=report(transfer, source, template),
        mapping_file=saved(transfer, source.framework, to),
    )
    insist(transfer, least=least)


def _carry(bench: Bench[Any], transfer: Any, source: Weights, sink: Any) -> None:
    from workers.transplant.carrying import carry

    carry(transfer, source, sink, bench.say)


def _compare(bench: Bench[Any], transfer: Any, source: Weights, target: Format) -> None:
    from workers.transplant.carrying import compare
    from workers.weights.opening import open_weights

    bench.say("reading back what was written", progress=0.8)
    with open_weights(bench.target, target.name) as written:
        count = compare(transfer, source, written)
    bench.note(variables=count, compared="every variable, bit for bit")


def _made(transfer: Any, source: Weights) -> dict[str, Variable]:
    """What is written where no template says it: of the dtype of what it is made of."""
    from workers.transplant.expressions import names, shape_of

    shapes = {name: each.shape for name, each in source.variables.items()}
    return {
        move.target: Variable(
            move.target,
            shape_of(move.value, shapes),
            next((source.variables[name].dtype for name in names(move.value)), "float32"),
        )
        for move in transfer.moves
    }
