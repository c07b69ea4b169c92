"""What the edge to `tensorrt` does besides: timing caches, the GPU's word, and its options.

TensorRT itself times kernels and so wants a GPU. Its edge is run here on NVIDIA's bindings over
TensorRT-RTX, which is what its setting points to: all but the timing is the real thing.
"""

import json
import os
import re
import subprocess
import sys

import pytest

from shared.domain.engines import Manifest
from shared.domain.errors import UnsupportedPrecision
from shared.domain.gpus import Gpu
from shared.domain.orders import Input, WorkOrder
from shared.domain.plans import Convert
from tests.converters import tensorrt_nets as nets
from workers.child import Workbench
from workers.converters.onnx_to_tensorrt import convert
from workers.tensorrt_bridge.folder import default_folder
from workers.tensorrt_bridge.library import VARIABLES


def gpu(capability="9.0"):
    return Gpu(
        uuid="GPU-1", name="NVIDIA H200", compute_capability=capability, memory=1, driver="580.1"
    )


@pytest.fixture
def built(tmp_path, monkeypatch):
    """Run the edge; its bench afterwards."""
    monkeypatch.setenv(VARIABLES["tensorrt"], str(default_folder()))

    def run(net, *, device=None, caches=(), folder="bench", **options):
        place = tmp_path / folder
        place.mkdir()
        bench = Workbench(
            source=nets.saved(tmp_path / "net.onnx", net),
            target=place / "tree",
            folder=place,
            samples=None,
            extras=(),
            template=None,
            gpu=device,
            caches=caches,
            cache_output=place / "timing.new",
            options=convert.options.model_validate(options),
            tell=lambda _message, _progress: None,
        )
        convert.convert(bench)
        return bench

    return run


def test_the_manifest_says_which_gpu_built_it(built):
    bench = built(nets.convolution(1), device=gpu(), gpu="H200", gpu_memory=1)
    told = Manifest.model_validate(bench.facts["manifest"])
    assert told.format == "tensorrt"
    assert told.gpu == gpu()
    assert told.driver == "580.1"
    assert not {"gpu", "gpu_memory", "compute_capability"} & told.options.keys()


def test_what_was_learnt_is_written_down(built):
    bench = built(nets.convolution(1))
    assert bench.cache_output.read_bytes().startswith(b"ptrt")
    assert bench.facts["build"]["timing_caches"] == 0


def test_caches_that_cannot_be_used_are_dropped_with_a_warning(built, tmp_path):
    """A real one of the library's own is among them: without a GPU it loads none."""
    real = built(nets.convolution(1), folder="first").cache_output
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"no timing cache" * 40)
    nothing = tmp_path / "nothing"
    nothing.write_bytes(b"")
    bench = built(nets.convolution(1), caches=(garbage, real, nothing))
    warnings = bench.facts["build"]["warnings"]
    assert warnings[0].startswith("Timing cache 1 of 3 was dropped: it is corrupt")
    assert bench.cache_output.stat().st_size > 0
    assert (bench.target / "model.engine").stat().st_size > 10_000


def test_a_precision_that_the_gpu_lacks_is_refused_before_the_build(built):
    with pytest.raises(UnsupportedPrecision, match=r"tf32 needs 8\.0 or later") as caught:
        built(nets.convolution(1), device=gpu("7.5"), tf32=True)
    assert caught.value.fault.field == "precision"


@pytest.mark.parametrize("hardware", ["ampere+", "same-compute-capability"])
def test_a_library_without_the_setting_says_so(tmp_path, hardware):
    """In a process of its own, as steps are run: NVIDIA's bindings of another version look for the
    setting where the library may have anything, and what it has hangs on what else is loaded."""
    nets.saved(tmp_path / "source.bin", nets.convolution(1))
    action = Convert(
        converter=convert.name,
        version=convert.version,
        source="onnx",
        target="tensorrt",
        options={"hardware": hardware},
        toolchain={},
    )
    order = WorkOrder(
        action=action,
        inputs={"source": Input(path="source.bin", format="onnx")},
        output="output.bin",
        tolerances={},
    )
    (tmp_path / "order.json").write_text(order.model_dump_json())
    command = [sys.executable, "-m", "workers.child", str(tmp_path)]
    setting = {VARIABLES["tensorrt"]: str(default_folder())}
    subprocess.run(command, check=True, env=os.environ | setting, capture_output=True)
    fault = json.loads((tmp_path / "result.json").read_text())["fault"]
    assert (fault["code"], fault["field"]) == ("invalid_options", "hardware")
    assert re.search(r"TensorRT-RTX .* no setting for 'hardware'", fault["detail"])
