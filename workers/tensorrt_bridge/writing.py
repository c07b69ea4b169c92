"""Writing: an engine straight to its file, as the builder makes it."""

from pathlib import Path
from typing import Any, BinaryIO, Final

CHUNK: Final = 1 << 24


def serialized(shop: Any, config: Any, path: Path) -> bool:
    """Build the engine into a file that does not exist yet.

    By a stream where the library has one, so that the engine is never in memory twice over. Not
    where the bindings are of another version than the library: those miss its place in the
    interface.

    Args:
        shop: a `network.Workshop`.

    Returns:
        Whether an engine was built.
    """
    builder, trt = shop.builder, shop.library.module
    if shop.library.bindings is None and hasattr(builder, "build_serialized_network_to_stream"):
        with path.open("xb") as file:
            writer = stream(trt, file)
            done = builder.build_serialized_network_to_stream(shop.network, config, writer)
        return bool(done) and path.stat().st_size > 0
    built = builder.build_serialized_network(shop.network, config)
    if built is None:
        return False
    with path.open("xb") as file, memoryview(built) as engine:
        for start in range(0, len(engine), CHUNK):
            file.write(engine[start : start + CHUNK])
    return True


def stream(trt: Any, file: BinaryIO) -> Any:
    """The library's stream writer on a file. Keep it while it is written to."""

    class Writer(trt.IStreamWriter):  # type: ignore[misc]  # an untyped base
        def __init__(self) -> None:
            trt.IStreamWriter.__init__(self)

        def write(self, data: bytes) -> int:
            return file.write(data)

    return Writer()
