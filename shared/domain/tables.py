"""Tables' models: scikit-learn's, XGBoost's and LightGBM's files, and what is near them.

Sources: skops' schema.json; model.schema, UBJSON and the old binary of XGBoost; the text of
LightGBM's SaveModelToString; MLIR's bytecode, which jax.export wraps in a flatbuffer.
"""

import zlib
from typing import BinaryIO, Final

from shared.domain.errors import PickledModule, TruncatedFile, UnknownFormat
from shared.domain.formats import LIGHTGBM, SKOPS, XGBOOST, Format
from shared.domain.pickles import PROTOCOLS
from shared.domain.zips import Zip

SAVE: Final = {
    "sklearn": 'Save it with skops instead: skops.io.dump(model, "model.skops").',
    "xgboost": 'Save it as JSON instead: model.save_model("model.json").',
    "lightgbm": 'Save its booster as text instead: model.booster_.save_model("model.txt").',
}
"""What to do in place of a pickle, by the library that it needs."""

_PREFIX: Final = 4096
_SEARCHED: Final = 1 << 20
_SCHEMA: Final = "schema.json"
_SKOPS_MARK: Final = b'"_skops_version"'
_LEARNER: Final = b"learner"
_UBJ: Final = b"{L\x00\x00\x00\x00\x00\x00\x00"
_TREE: Final = b"tree\n"
_VERSION: Final = b"version="
_OLD: Final = (b"binf", b"bs64")
_OLD_NAME_AT: Final = 136
_OLD_NAMES: Final = (b"reg:", b"binary:", b"multi:", b"rank:", b"count:", b"survival:")
_ZLIB: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_MLIR: Final = b"ML\xefR"
_STABLEHLO: Final = b"StableHLO"
_NEAR: Final = 64


def told(reader: BinaryIO) -> Format | None:
    """The format of a file that is no archive; None where it is none of these.

    Raises:
        PickledModule: it is a pickle, or joblib's, of one of the libraries.
        TruncatedFile: it ends in its first line.
        UnknownFormat: it is near one of them; the sentence says what to send.
    """
    start = reader.read(_PREFIX)
    reader.seek(0)
    _refuse_pickles(start)
    plain = start.replace(b"\r\n", b"\n")
    if plain.startswith(_TREE):
        if not plain[len(_TREE) :].startswith(_VERSION):
            raise TruncatedFile("The LightGBM text ends in its first lines. Send the whole file.")
        return LIGHTGBM
    if start.startswith(_OLD) or start[_OLD_NAME_AT + 8 :].startswith(_OLD_NAMES):
        raise UnknownFormat(
            "The file is of XGBoost's old binary format, which XGBoost itself no longer reads."
            ' Load it with the version that wrote it, and call model.save_model("model.json").'
        )
    if start.startswith(_UBJ):
        return XGBOOST if _LEARNER in start or b"version" in start else None
    if start.lstrip()[:1] in (b"{", b"[") and _is_text(start):
        return _in_json(start)
    _refuse_stablehlo(reader)
    return None


def in_zip(archive: Zip) -> dict[Format, tuple[str, ...]]:
    """skops, and the member that says so, where the archive is one of its: its schema tells."""
    if _SCHEMA not in archive.files:
        return {}
    kept = b""
    for chunk in archive.chunks(_SCHEMA):
        kept = kept[-len(_SKOPS_MARK) :] + chunk
        if _SKOPS_MARK in kept:
            return {SKOPS: (_SCHEMA,)}
    return {}


def _is_text(start: bytes) -> bool:
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(start) - 4  # a letter cut in two by the end of the prefix
    return True


def _in_json(start: bytes) -> Format | None:
    squeezed = b"".join(start.split())
    if squeezed.startswith((b'{"learner":', b'{"version":[')) and _LEARNER in squeezed:
        return XGBOOST
    if b'"nodeid":' in squeezed:
        raise UnknownFormat(
            "The file is a dump of XGBoost's trees for reading, not a model. Send what"
            ' model.save_model("model.json") writes.'
        )
    if b'"tree_info":' in squeezed or squeezed.startswith(b'{"name":"tree"'):
        raise UnknownFormat(
            "The file is a dump of LightGBM's trees for reading, not a model. Send what"
            ' booster.save_model("model.txt") writes.'
        )
    return None


def _refuse_pickles(start: bytes) -> None:
    if start.startswith(_ZLIB):
        start = _inflated(start)
    if not start.startswith(PROTOCOLS):
        return
    for library, instead in SAVE.items():
        if library.encode() in start:
            raise PickledModule(
                f"The file is a pickle (or joblib's) of a {library} model, which runs code when it"
                f" is loaded. Such files are never opened here. {instead}"
            )


def _inflated(start: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(start, _PREFIX)
    except zlib.error:
        return start


def _refuse_stablehlo(reader: BinaryIO) -> None:
    """jax.export's flatbuffer has no identifier; the bytecode in it has."""
    searched = reader.read(_SEARCHED)
    reader.seek(0)
    at = searched.find(_MLIR)
    if at >= 0 and _STABLEHLO in searched[at : at + _NEAR]:
        raise UnknownFormat(
            "The file is a StableHLO program, as jax.export writes it, and no maintained converter"
            " reads one (docs/coverage.md). Write a SavedModel of it where JAX and TensorFlow are,"
            " and send that: jax.experimental.jax2tf.convert(jax.export.deserialize(data).call,"
            " with_gradient=False), then tf.saved_model.save."
        )
