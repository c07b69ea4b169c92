"""Model folders of the transformers library to exported programs."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from shared.domain.errors import StepRefused
from shared.domain.formats import HUGGINGFACE, PT2
from shared.domain.signatures import Signature
from workers.converter import Bench, Options, converter
from workers.huggingface.inputs import BATCH, longest
from workers.runtimes.huggingface_load import Loaded, load_folder
from workers.runtimes.huggingface_probe import example, extents_of
from workers.runtimes.pt2 import signature_of
from workers.verification.given import InputSpec, given_from


class HuggingfaceToPt2(Options):
    """What can be asked of the export."""

    inputs: dict[str, InputSpec] | None = Field(
        default=None,
        description="Shapes of inputs by name, where they shall not be those of the config: fixed"
        " lengths, another size of pictures, or an argument that is left out otherwise.",
    )
    dynamic: bool = Field(
        default=True,
        description="Keep batch and lengths open; false keeps the batch open where it can be, and"
        " fixes whatever else the exporter cannot keep open.",
    )


@converter(
    HUGGINGFACE,
    PT2,
    options=HuggingfaceToPt2,
    summary="torch.export of the architecture that the config names, batch and lengths open",
    version=1,
    packages=("transformers", "torch", "safetensors"),
    memory=5.0,
)
def convert(bench: Bench[HuggingfaceToPt2]) -> None:
    """Load the model and export it with its outputs as a dict."""
    import torch

    bench.say("loading the model", progress=0.1)
    told = bench.options.model_dump()["inputs"]
    loaded = load_folder(bench.source, given_from(told, None))
    bench.say(f"exporting {loaded.architecture}", progress=0.4)
    program = _exported(loaded)
    fixed = _fixed(loaded.signature, signature_of(program))
    if fixed and bench.options.dynamic:
        raise StepRefused(
            f"torch.export cannot keep open what may vary in {loaded.architecture}:"
            f" {_told(fixed)}. Say the length that you want with the option inputs, or take"
            " dynamic=false.",
            field="options.dynamic",
        )
    bench.note(architecture=loaded.architecture, fixed=fixed, unread_weights=list(loaded.unread))
    bench.say("writing the file", progress=0.9)
    torch.export.save(program, bench.target)


def _exported(loaded: Loaded) -> Any:
    """With every open dimension under its name; else with those that the exporter can keep."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    inputs = example(loaded.signature.inputs, extents_of(loaded.module, loaded.signature.inputs))
    failure: Exception | None = None
    for certain in (None, frozenset({BATCH}), frozenset[str]()):
        dims = _dims(loaded, certain)
        try:
            with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
                return torch.export.export(
                    loaded.module, inputs, dynamic_shapes=dims, strict=False
                )
        except Exception as error:  # noqa: BLE001 - any of a dozen types; the last one is told
            failure = error
    reason = (str(failure).strip().splitlines() or [type(failure).__name__])[0]
    raise StepRefused(
        f"torch.export cannot export {loaded.architecture}: {reason[:400]} What depends on the"
        " values of its inputs cannot be written into one program."
    ) from failure


def _dims(loaded: Loaded, certain: frozenset[str] | None) -> tuple[Any, ...]:
    """The open axes of each input. Those that are not certain to be free are for the exporter to
    find out about; None: all of them are."""
    import torch

    most = longest(loaded.module.model.config)
    dims: dict[str, Any] = {}

    def dim(name: str) -> Any:
        if certain is not None and name not in certain:
            return torch.export.Dim.AUTO
        if name not in dims:
            dims[name] = torch.export.Dim(name, max=None if name == BATCH else most.get(name))
        return dims[name]

    return tuple(
        {axis: dim(each) for axis, each in enumerate(tensor.shape or ()) if isinstance(each, str)}
        or None
        for tensor in loaded.signature.inputs
    )


def _fixed(asked: Signature, made: Signature) -> dict[str, Mapping[str, int]]:
    """By input, the dimensions that should vary and do not, and at what they stand."""
    found: dict[str, Mapping[str, int]] = {}
    for want, have in zip(asked.inputs, made.inputs, strict=True):
        pairs = zip(want.shape or (), have.shape or (), strict=True)
        stuck = {str(a): b for a, b in pairs if not isinstance(a, int) and isinstance(b, int)}
        if stuck:
            found[want.name] = stuck
    return found


def _told(fixed: Mapping[str, Mapping[str, int]]) -> str:
    return ", ".join(
        f"{dim} of {name} is fixed at {length}"
        for name, dims in fixed.items()
        for dim, length in dims.items()
    )
