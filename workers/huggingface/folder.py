"""Folder: where the config lies, what it says, and what is never done for it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel, PickledModule

CONFIG: Final = "config.json"
WEIGHTS: Final = "model.safetensors"
INDEX: Final = "model.safetensors.index.json"
SAVE: Final = (
    "Load the model where its code is and save it anew:"
    " model.save_pretrained(folder) writes config.json and model.safetensors."
)

_CODE: Final = "auto_map"
_PICKLES: Final = (".bin", ".pt", ".pth", ".ckpt")
_ADAPTER: Final = "adapter_config.json"
_CONFIG_MAX: Final = 16 << 20  # bytes


def root_of(tree: Path) -> Path:
    """The folder of the model: that of the config that lies highest, at the root or one down.

    Raises:
        InvalidModel: there is none, or there are several.
    """
    for found in ([tree / CONFIG], sorted(tree.glob(f"*/{CONFIG}"))):
        roots = [each.parent for each in found if each.is_file()]
        if len(roots) > 1:
            raise InvalidModel(
                f"The archive holds {len(roots)} folders with a {CONFIG}. Send that of one model."
            )
        if roots:
            return roots[0]
    raise InvalidModel(f"The archive holds no {CONFIG}. Send the model's own folder. {SAVE}")


def read_config(root: Path) -> dict[str, Any]:
    """What the config says, once it is known to ask for no code and no unpickling.

    Raises:
        InvalidModel: it is no JSON object, brings code, or wants quantised weights.
        PickledModule: the weights are pickles only.
    """
    path = root / CONFIG
    if path.stat().st_size > _CONFIG_MAX:
        raise InvalidModel(f"{CONFIG} is larger than {_CONFIG_MAX} bytes, which no config is.")
    try:
        config = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InvalidModel(f"{CONFIG} cannot be read as JSON ({error}). {SAVE}") from error
    if not isinstance(config, dict):
        raise InvalidModel(f"{CONFIG} is no JSON object. {SAVE}")
    _refuse_code(config)
    _refuse_quantised(config)
    _refuse_pickles(root)
    return config


def _refuse_code(config: Mapping[str, Any]) -> None:
    for where, part in _parts(config, ()):
        if part.get(_CODE):
            raise InvalidModel(
                f"{'.'.join((*where, _CODE))} in {CONFIG} names code that comes with the model"
                f" ({_first_of(part[_CODE])}), and such code is not run. Where transformers knows"
                f" the model_type by itself, delete {_CODE} from {CONFIG}; else send the model as"
                " a PyTorch source package with a model.py.",
                field=_CODE,
            )


def _parts(
    config: Mapping[str, Any], where: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The config and those inside it: of a text tower, of a backbone."""
    yield where, config
    for name, value in config.items():
        if isinstance(value, dict) and name != _CODE:
            yield from _parts(value, (*where, name))


def _first_of(named: Any) -> str:
    values = named.values() if isinstance(named, dict) else [named]
    return str(next(iter(values)))[:120]


def _refuse_quantised(config: Mapping[str, Any]) -> None:
    given = config.get("quantization_config")
    if given:
        method = given.get("quant_method") if isinstance(given, dict) else None
        raise InvalidModel(
            f"The weights are quantised ({method or 'method unknown'}), in a layout that only that"
            " method's own kernels read. Load the model, call model.dequantize(), save it anew,"
            " and ask for the precision as an option of the target.",
            field="quantization_config",
        )


def _refuse_pickles(root: Path) -> None:
    """Where there are no other weights; beside safetensors they are not looked at."""
    if any(root.glob("*.safetensors")) or (root / INDEX).exists():
        return
    pickled = sorted(each.name for each in root.iterdir() if each.suffix in _PICKLES)
    if pickled:
        raise PickledModule(
            f"The weights are pickles ({pickled[0]}), which run code when they are loaded. Such"
            f" files are never opened here. {SAVE}"
        )
    raise InvalidModel(f"There are no weights beside {CONFIG}: {WEIGHTS} is missing. {SAVE}")


def settle_weights(root: Path) -> None:
    """Give a lone file of weights the name that transformers looks for.

    Raises:
        InvalidModel: which of several files are the weights is open, or they are an adapter's.
    """
    if (root / WEIGHTS).exists() or (root / INDEX).exists():
        return
    found = sorted(root.glob("*.safetensors"))
    if (root / _ADAPTER).exists() or any(each.name.startswith("adapter_") for each in found):
        raise InvalidModel(
            "The weights are those of an adapter alone. Merge it into its model"
            " (model.merge_and_unload()) and save that."
        )
    if len(found) == 1:
        found[0].rename(root / WEIGHTS)
    elif found:
        names = ", ".join(each.name for each in found[:3])
        raise InvalidModel(
            f"There are {len(found)} files of weights ({names}) and no {INDEX} that says which"
            f" holds what. Send the index, too. {SAVE}"
        )
