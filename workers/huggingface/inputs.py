"""Inputs: what a model of the transformers library is called with, and how large it may be."""

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel, InvalidOptions
from shared.domain.signatures import Dim, Tensor
from workers.runtime import Given

BATCH: Final = "batch"
LENGTH: Final = "length"
DECODER_LENGTH: Final = "decoder_length"
FRAMES: Final = "frames"

_TEXT: Final = "input_ids"
_ANSWER: Final = "decoder_input_ids"
_PICTURE: Final = "pixel_values"
_TYPES: Final = "token_type_ids"
_PROCESSOR: Final = "preprocessor_config.json"
_SIDE: Final = 224
"""Pixels of a side where neither the config nor the preprocessor's says any."""

_SECOND: Final = 16_000
"""Samples of a wave: one second at the rate that speech models are trained at."""

_POSITIONS: Final = ("max_position_embeddings", "max_target_positions")


def inputs_of(model: Any, root: Path, given: Given) -> tuple[Tensor, ...]:
    """What forward is called with by name, in forward's own order.

    Token ids, masks, pictures and sound as the config describes them. An input in `given` has
    the shape that is said there; one that is not among those is added.

    Raises:
        InvalidModel: nothing is known about the model's main input.
        InvalidOptions: forward has no such argument.
    """
    taken = list(inspect.signature(model.forward).parameters)
    if model.main_input_name not in {*_MAKERS, *given}:
        raise InvalidModel(
            f"{type(model).__name__} takes {model.main_input_name!r}, which nothing is known about"
            " here. Say its shape with the option inputs, or export it as a .pt2 and send that.",
            field=f"inputs.{model.main_input_name}",
        )
    known = {each.name: each for each in _known(model, root, taken)}
    for name, told in given.items():
        if name not in taken:
            raise InvalidOptions(
                f"{type(model).__name__} takes no {name!r}. It takes {', '.join(taken[:12])}.",
                field=f"inputs.{name}",
            )
        known[name] = _merged(known.get(name), told)
    return tuple(known[name] for name in taken if name in known)


def longest(config: Any) -> dict[str, int]:
    """By the name of a dimension, the most that the model's positions allow."""
    limits = {LENGTH: _positions(_text(config)), DECODER_LENGTH: _positions(_answers(config))}
    return {name: most for name, most in limits.items() if most}


def _known(model: Any, root: Path, taken: list[str]) -> Iterator[Tensor]:
    config, main = model.config, model.main_input_name
    seen = {main}
    if main in _MAKERS:
        yield _MAKERS[main](config, root)
    if _ANSWER in taken and config.is_encoder_decoder:
        yield Tensor(
            name=_ANSWER,
            dtype="int64",
            shape=(BATCH, DECODER_LENGTH),
            upper=_answers(config).vocab_size,
        )
    elif main == _PICTURE and _TEXT in taken:
        seen.add(_TEXT)
        yield _ids(config, root)
    elif main == _TEXT and _PICTURE in taken:
        yield _picture(config, root)
    if _TEXT in seen:
        yield from _beside_text(config, taken)


def _beside_text(config: Any, taken: list[str]) -> Iterator[Tensor]:
    if "attention_mask" in taken:
        yield Tensor(name="attention_mask", dtype="int64", shape=(BATCH, LENGTH))
    kinds = getattr(_text(config), "type_vocab_size", 0) or 0
    if _TYPES in taken and kinds > 1:
        yield Tensor(name=_TYPES, dtype="int64", shape=(BATCH, LENGTH), upper=kinds)


def _ids(config: Any, root: Path) -> Tensor:  # noqa: ARG001 - all makers are called alike
    upper = _text(config).vocab_size
    return Tensor(name=_TEXT, dtype="int64", shape=(BATCH, LENGTH), upper=upper)


def _picture(config: Any, root: Path) -> Tensor:
    seeing = _part(config, "vision_config", "encoder", "backbone_config")
    channels = getattr(seeing, "num_channels", None) or 3
    height, width = _sides(getattr(seeing, "image_size", None)) or _processed(root)
    shape: tuple[Dim, ...] = (BATCH, channels, height, width)
    if frames := getattr(seeing, "num_frames", None):
        shape = (BATCH, frames, *shape[1:])
    return Tensor(name=_PICTURE, dtype="float32", shape=shape)


def _processed(root: Path) -> tuple[int, int]:
    """The size that pictures are brought to before the model sees them."""
    path = root / _PROCESSOR
    if path.is_file():
        try:
            said = json.loads(path.read_bytes())
        except ValueError as error:
            raise InvalidModel(f"{_PROCESSOR} cannot be read as JSON ({error}).") from error
        for name in ("crop_size", "size"):
            if isinstance(said, dict) and (sides := _sides(said.get(name))):
                return sides
    return _SIDE, _SIDE


def _sides(said: Any) -> tuple[int, int] | None:
    """Height and width, in any of the ways that configs write them."""
    if isinstance(said, Mapping):
        said = [said.get("height"), said.get("width")] if "height" in said else None
    if isinstance(said, int):
        return said, said
    if isinstance(said, list | tuple) and len(said) == 2 and all(isinstance(n, int) for n in said):  # noqa: PLR2004 - a height and a width
        return said[0], said[1]
    return None


def _wave(config: Any, root: Path) -> Tensor:  # noqa: ARG001
    bins, frames = getattr(config, "num_mel_bins", None), getattr(config, "max_length", None)
    shape = (BATCH, frames, bins) if bins and frames else (BATCH, _SECOND)
    return Tensor(name="input_values", dtype="float32", shape=shape)


def _features(config: Any, root: Path) -> Tensor:  # noqa: ARG001
    """A spectrogram: Whisper's bins come first and its frames are halved once."""
    sources = getattr(config, "max_source_positions", None)
    width = getattr(config, "input_feat_per_channel", None) or getattr(
        config, "feature_projection_input_dim", None
    )
    shape: tuple[Dim, ...]
    if width:
        shape = (BATCH, FRAMES, width)
    elif sources and getattr(config, "num_mel_bins", None):
        shape = (BATCH, config.num_mel_bins, 2 * sources)
    else:
        raise InvalidModel(
            "The config does not say how wide input_features is. Say its shape with the option"
            " inputs.",
            field="inputs.input_features",
        )
    return Tensor(name="input_features", dtype="float32", shape=shape)


_MAKERS: Final = {
    _TEXT: _ids,
    _PICTURE: _picture,
    "input_values": _wave,
    "input_features": _features,
}


def _text(config: Any) -> Any:
    return _part(config, "text_config")


def _answers(config: Any) -> Any:
    return _part(config, "decoder", "text_config")


def _part(config: Any, *names: str) -> Any:
    """The config of that part of the model, or the whole where it has no parts."""
    for name in names:
        found = getattr(config, name, None)
        if found is not None and hasattr(found, "model_type"):
            return found
    return config


def _positions(config: Any) -> int | None:
    found = (getattr(config, name, None) for name in _POSITIONS)
    return next((each for each in found if isinstance(each, int) and each > 0), None)


def _merged(known: Tensor | None, told: Tensor) -> Tensor:
    """The shape as it was told; what the config says of type and bound stands."""
    if known is None:
        return told
    upper = told.upper if told.upper is not None else known.upper
    return told.model_copy(update={"dtype": known.dtype, "upper": upper})
