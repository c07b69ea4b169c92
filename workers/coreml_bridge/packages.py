"""Packages: a Core ML model as a folder, the same bytes for the same model."""

import json
import shutil
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from shared.domain.errors import StepRefused
from shared.domain.signatures import Signature, Tensor
from workers.converter import Bench
from workers.coreml_bridge.options import CoremlOptions
from workers.coreml_bridge.words import identifiers

HELD: Final = frozenset({"float16", "float32", "int32", "int64", "bool"})
"""Element types that come through. Core ML's arrays hold no int64 and no bool: the package has
int32 and float32 there."""

UNLIMITED: Final = (1 << 31) - 1
"""What coremltools writes for a dimension that may be of any length; Core ML's word is -1."""

LEAST_SEEN: Final = 2
"""torch.export says that a varying dimension is 2 at least, since 0 and 1 are special to it."""

UNSTABLE: Final = "com.github.apple.coremltools.conversion_date"
NEEDED: Final = ("Manifest.json", "Data")


def build(
    bench: Bench[CoremlOptions], model: Any, signature: Signature, inputs: list[Any] | None
) -> None:
    """Convert a torch model that coremltools takes, and write the package to the bench's target.

    Args:
        inputs: its inputs as coremltools describes them; None: as an exported program says.

    Raises:
        StepRefused: an input or output has a type that Core ML has not, or coremltools failed.
    """
    import coremltools

    check_types(signature)
    options = bench.options
    outputs = identifiers(each.name for each in signature.outputs)
    bench.say("translating to Core ML", progress=0.3)
    try:
        made = coremltools.convert(
            model,
            inputs=inputs,
            outputs=[coremltools.TensorType(name=name) for name in outputs],
            convert_to="mlprogram",
            compute_precision=getattr(coremltools.precision, options.compute.upper()),
            minimum_deployment_target=getattr(coremltools.target, options.deployment),
            skip_model_load=True,
        )
    except Exception as error:
        raise StepRefused(f"coremltools cannot translate the model: {_last(error)}") from error
    bench.say("writing the package", progress=0.8)
    draft = bench.folder / "draft.mlpackage"
    made.save(str(draft))
    _settle(draft)
    draft.rename(bench.target)
    bench.note(**_told(made.get_spec(), signature))


def check_types(signature: Signature) -> None:
    """Refuse what Core ML has no arrays for.

    Raises:
        StepRefused: names the tensor and its type.
    """
    for tensor in (*signature.inputs, *signature.outputs):
        if tensor.dtype not in HELD:
            raise StepRefused(
                f"{tensor.name!r} is {tensor.dtype}, which Core ML's arrays cannot hold. They hold"
                " float32, float16 and int32: export the model with one of these there.",
                node=tensor.name,
            )


def _settle(package: Path) -> None:
    """Take out what differs from one conversion to the next: names made up, the date, notes."""
    for path in package.iterdir():
        if path.name not in NEEDED:
            path.unlink() if path.is_file() else shutil.rmtree(path)
    _name_items(package / "Manifest.json")
    _rewrite(package / "Data" / "com.apple.CoreML" / "model.mlmodel")


def _name_items(path: Path) -> None:
    manifest = json.loads(path.read_text())
    items = manifest["itemInfoEntries"]
    names = {old: str(uuid5(NAMESPACE_URL, item["path"])) for old, item in items.items()}
    manifest["itemInfoEntries"] = {
        names[old]: items[old] for old in sorted(items, key=lambda each: items[each]["path"])
    }
    manifest["rootModelIdentifier"] = names[manifest["rootModelIdentifier"]]
    path.write_text(json.dumps(manifest, indent=4) + "\n")


def _rewrite(path: Path) -> None:
    from coremltools.proto import Model_pb2

    spec = Model_pb2.Model()
    spec.ParseFromString(path.read_bytes())
    spec.description.metadata.userDefined.pop(UNSTABLE, None)
    for each in spec.description.input:
        for length in each.type.multiArrayType.shapeRange.sizeRanges:
            if length.upperBound >= UNLIMITED:
                length.upperBound = -1
                length.lowerBound = 1 if length.lowerBound == LEAST_SEEN else length.lowerBound
    path.write_bytes(spec.SerializeToString(deterministic=True))


def _told(spec: Any, signature: Signature) -> dict[str, Any]:
    """The names that the ends have in the package, where they are others than the source's."""
    ends = (
        ("inputs", signature.inputs, spec.description.input),
        ("outputs", signature.outputs, spec.description.output),
    )
    return {what: _pairs(tensors, features) for what, tensors, features in ends}


def _pairs(tensors: tuple[Tensor, ...], features: Any) -> dict[str, str]:
    return {each.name: feature.name for each, feature in zip(tensors, features, strict=False)}


def _last(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[-1][:400]
