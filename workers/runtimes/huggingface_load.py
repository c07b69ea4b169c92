"""Loading: a folder's model with its weights, without a network and without foreign code."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel
from shared.domain.signatures import Signature
from workers.huggingface.architecture import class_of, config_of
from workers.huggingface.folder import CONFIG, read_config
from workers.huggingface.inputs import inputs_of
from workers.huggingface.shards import check_weights
from workers.runtime import Given
from workers.runtimes.huggingface_named import named
from workers.runtimes.huggingface_probe import probed

OFFLINE: Final = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Loaded:
    """`module` takes the signature's inputs by place, and gives its outputs as a dict.

    `unread` are tensors of the files that the architecture has no place for.
    """

    module: Any
    signature: Signature
    architecture: str
    unread: tuple[str, ...]


def load_folder(root: Path, given: Given) -> Loaded:
    """The model in float32, evaluation mode and eager attention.

    Halves are widened, which loses nothing; what a target computes in is asked of the target.

    Raises:
        InvalidModel: config and weights do not make a model of the library's.
        TruncatedFile: a file of weights ends early.
        PickledModule: there are only pickles.
        InvalidOptions: an input was described that forward does not take.
    """
    for name in OFFLINE:
        os.environ[name] = "1"
    said = read_config(root)
    check_weights(root)
    model, unread = _with_weights(root, config_of(said))
    inputs = inputs_of(model, root, given)
    module = named(model, [each.name for each in inputs])
    return Loaded(module, probed(module, inputs), type(model).__name__, unread)


def _with_weights(root: Path, config: Any) -> tuple[Any, tuple[str, ...]]:
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    kind = class_of(config)
    try:
        model, told = kind.from_pretrained(
            root,
            config=config,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # they are told below, by name
            output_loading_info=True,
            attn_implementation="eager",
            dtype=torch.float32,
        )
    except Exception as error:
        reason = (str(error).strip().splitlines() or ["no message"])[0]
        raise InvalidModel(
            f"transformers cannot make {kind.__name__} of the folder:"
            f" {type(error).__name__}: {reason[:300]}"
        ) from error
    _insist_on_all(kind.__name__, told, guessed=not config.architectures)
    return model.eval(), tuple(sorted(told["unexpected_keys"]))


def _insist_on_all(kind: str, told: dict[str, Any], *, guessed: bool) -> None:
    """Weights that are missing would be random numbers."""
    shaped = [f"{name} {tuple(have)} for {tuple(want)}" for name, have, want in _mismatched(told)]
    missing, unexpected = sorted(told["missing_keys"]), sorted(told["unexpected_keys"])
    if missing or shaped:
        parts = (
            _listed("missing", missing),
            _listed("of another shape", shaped),
            _listed("in the files and not in the model", unexpected),
        )
        raise InvalidModel(
            f"The weights are not those of {kind} as {CONFIG} describes it:"
            f" {'; '.join(each for each in parts if each)}. Send the {CONFIG} that was saved with"
            " these weights.",
            node=(missing or [shaped[0].partition(" ")[0]])[0],
        )
    if guessed and unexpected:
        raise InvalidModel(
            f"{CONFIG} names no architectures, and {kind} has no place for"
            f" {_listed('tensors', unexpected)}. Add the class that these weights are of, as in"
            ' "architectures": ["BertForMaskedLM"].',
            field="architectures",
            node=unexpected[0],
        )


def _mismatched(told: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return sorted(told["mismatched_keys"], key=lambda each: str(each[0]))


def _listed(what: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)} {what} ({', '.join(names[:_SHOWN])}{more})"
