"""Transplanting: the edge that takes weights alone from a source, and comes before all others."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.errors import BareStateDict, InvalidOptions
from shared.domain.formats import FORMATS
from shared.domain.jobs import MAPPING, TEMPLATE
from shared.domain.offers import ConverterOffer
from shared.domain.routes import Path
from shared.domain.targets import Target


def leading(edges: Sequence[ConverterOffer], source: str, target: Target) -> Path:
    """The edge that the options ask for, or none. A template is named by its format here.

    Raises:
        InvalidOptions: no converter puts weights of the source into such a template.
    """
    template = target.options.get(TEMPLATE)
    if template is None:
        named = target.options.get(MAPPING) is not None
        found = [each for each in edges if each.asked_by == MAPPING and each.source == source]
        return tuple(each for each in found if named and each.target == target.format)[:1]
    into = [each for each in edges if each.asked_by == TEMPLATE and each.source == source]
    chosen = tuple(each for each in into if each.asked_for == template)[:1]
    if not chosen:
        taken = ", ".join(sorted(str(each.asked_for) for each in into)) or "none"
        raise InvalidOptions(
            f"No converter puts the weights of {source} into a template of the format"
            f" {template}. Formats of a template: {taken}.",
            field=f"options.{TEMPLATE}",
        )
    return chosen


def with_lead(given: Mapping[str, Any], lead: Path) -> dict[str, Any]:
    """The options that are left for the rest of the path."""
    heard = (TEMPLATE, MAPPING) if lead else ()
    return {name: value for name, value in given.items() if name not in heard}


def roads(edges: Sequence[ConverterOffer]) -> tuple[ConverterOffer, ...]:
    """All others."""
    return tuple(each for each in edges if not (each.transplant and each.asked_by))


def refuse_bare(source: str, target: Target) -> None:
    """Refuse weights that are to become a model, where nothing says which.

    Raises:
        BareStateDict: says what to send.
    """
    if FORMATS[target.format].weights:
        return
    template = FORMATS.get(str(target.options.get(TEMPLATE)))
    if template is not None and template.weights:
        raise BareStateDict(
            f"The template ({template.title}) holds weights only: nothing says of which model."
            " Send a model of that architecture as the template.",
            field=f"options.{TEMPLATE}",
        )
    if not FORMATS[source].weights or target.options.get(TEMPLATE) is not None:
        return
    raise BareStateDict(
        "The file holds weights only: the model's code, its architecture, is missing. Send a"
        " model of that architecture, too, and name it as the option `template`: the weights are"
        " put into it. Or save the whole model, in PyTorch with"
        " torch.export.save(torch.export.export(model, inputs), path), and send that.",
        field="model_id",
    )
