"""Remembering: steps that several targets of one model have in common are carried out once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from shared.domain.artifacts import Artifact
from shared.domain.plans import Action, Convert
from workers.local.carrier import Carried, Carrier

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class Remembering(Carrier):
    """What the service's cache of steps is for jobs. The folder keeps every output."""

    _known: dict[Key, Carried] = field(default_factory=dict)

    @override
    def carry(
        self,
        action: Action,
        inputs: Mapping[str, Artifact],
        reports: Sequence[Mapping[str, Any]],
        route: tuple[Convert, ...] = (),
    ) -> Carried:
        named = tuple(sorted((role, each.digest) for role, each in inputs.items()))
        key = (action.model_dump_json(), named)
        if key not in self._known:
            self._known[key] = super().carry(action, inputs, reports, route)
        return self._known[key]
