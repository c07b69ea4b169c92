"""Architecture: the class of the transformers library that a config means."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from shared.domain.errors import InvalidModel
from workers.huggingface.folder import CONFIG, SAVE

_PACKAGE: Final = (
    " Models that transformers does not have can be sent as a PyTorch source package."
)


def config_of(said: Mapping[str, Any]) -> Any:
    """The library's own config object, with nothing fetched and caches off.

    Raises:
        InvalidModel: the model_type is unknown, or the library refuses a value.
    """
    from transformers import CONFIG_MAPPING

    kind = said.get("model_type")
    if not isinstance(kind, str) or not kind:
        raise InvalidModel(
            f"{CONFIG} says no model_type, so nobody knows which architecture it configures."
            f" {SAVE}",
            field="model_type",
        )
    try:
        known = CONFIG_MAPPING[kind]
    except KeyError:
        close = get_close_matches(kind, list(CONFIG_MAPPING.keys()), n=3)
        hint = f" It knows {', '.join(close)}." if close else ""
        raise InvalidModel(
            f"transformers {_version()} knows no model_type {kind!r}.{hint}{_PACKAGE}",
            field="model_type",
        ) from None
    try:
        config = known.from_dict(dict(said))
    except Exception as error:
        raise InvalidModel(
            f"{CONFIG} is refused by {known.__name__}: {_first_line(error)} {SAVE}"
        ) from error
    _without_caches(config)
    return config


def class_of(config: Any) -> Any:
    """The first of the config's architectures; the bare model of its type where it names none.

    Raises:
        InvalidModel: the library has no such class, or cannot have it here.
    """
    import transformers

    named = config.architectures or []
    if not named:
        try:
            return transformers.MODEL_MAPPING[type(config)]
        except KeyError:
            raise InvalidModel(
                f"{CONFIG} names no architectures, and {config.model_type!r} has no model of its"
                ' own. Add the class, as in "architectures": ["BertForMaskedLM"].',
                field="architectures",
            ) from None
    name = str(named[0])
    try:
        found = getattr(transformers, name)
    except (AttributeError, ImportError, RuntimeError) as error:
        raise InvalidModel(
            f"transformers {_version()} has no {name!r}, which {CONFIG} names as the architecture"
            f" ({_first_line(error)}).{_PACKAGE}",
            field="architectures",
        ) from error
    if not isinstance(found, type) or not issubclass(found, transformers.PreTrainedModel):
        raise InvalidModel(
            f"{name!r}, which {CONFIG} names as the architecture, is no model of transformers."
            f"{_PACKAGE}",
            field="architectures",
        )
    return found


def _without_caches(config: Any) -> None:
    """A cache is state between calls: the model is a function of one."""
    for each in (config, *(getattr(config, name) for name in config.sub_configs)):
        if getattr(each, "use_cache", None):
            each.use_cache = False


def _version() -> str:
    import transformers

    return str(transformers.__version__)


def _first_line(error: BaseException) -> str:
    line = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
    return line if line.endswith(".") else f"{line}."
