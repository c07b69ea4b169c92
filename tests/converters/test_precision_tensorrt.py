"""What the precision edges write is built by the real TensorRT-RTX, strongly typed."""

import pytest

from shared.domain.errors import LibraryMissing
from tests.converters.precise_nets import samples, written
from workers.tensorrt_bridge.library import TENSORRT_RTX, load


@pytest.fixture(scope="module")
def tensorrt():
    try:
        return load(TENSORRT_RTX).module
    except LibraryMissing as error:
        pytest.skip(str(error))


ASKED = [
    ("fp16", {}),
    ("fp16", {"keep_io": False}),
    ("bf16", {}),
    ("bf16", {"keep_io": False}),
    ("int8", {}),
    ("int8", {"calibration": "minmax", "per_channel": False}),
]


@pytest.mark.parametrize(("precision", "options"), ASKED)
@pytest.mark.parametrize("name", ["cnn", "attention"])
def test_it_builds(bench, tensorrt, tmp_path, *, name, precision, options):
    given = samples(name, tmp_path) if precision == "int8" else None
    _, output = bench.convert(f"onnx-to-{precision}", written(name, tmp_path), given, **options)
    engine, said = built(tensorrt, output)
    assert engine, said


def built(tensorrt, path):
    """The engine for batches 1 to 5, or None and what TensorRT said."""
    said = []

    class Log(tensorrt.ILogger):
        def log(self, severity, message):
            if severity in {tensorrt.ILogger.ERROR, tensorrt.ILogger.INTERNAL_ERROR}:
                said.append(message)

    log = Log()
    builder = tensorrt.Builder(log)
    network = builder.create_network(0)
    parser = tensorrt.OnnxParser(network, log)
    if not parser.parse(path.read_bytes()):
        return None, [parser.get_error(i).desc() for i in range(parser.num_errors)]
    config = builder.create_builder_config()
    profile = builder.create_optimization_profile()
    x = network.get_input(0)
    profile.set_shape(x.name, *((batch, *tuple(x.shape)[1:]) for batch in (1, 2, 5)))
    config.add_optimization_profile(profile)
    return builder.build_serialized_network(network, config), said
