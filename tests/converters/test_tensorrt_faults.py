"""What builders say when they fail, as errors with codes. The texts are TensorRT's own."""

import pytest

from tests.converters import tensorrt_nets as nets
from workers.tensorrt_bridge.faults import failure as failure_of
from workers.tensorrt_bridge.gaps import reason
from workers.tensorrt_bridge.library import Library
from workers.tensorrt_bridge.log import Said
from workers.tensorrt_bridge.options import EngineOptions

TENSORRT = Library("tensorrt", "11.4.0.106", None, None, rtx=False)
RTX = Library("tensorrt-rtx", "1.7.1.116", "11.4.0.106", None, rtx=True)

NO_MEMORY = (
    "[resizingAllocator.cpp::allocate::103] Error Code 2: OutOfMemory (Requested size was"
    " 34359738368 bytes.)"
)
NO_SCRATCH = (
    "IBuilder::buildSerializedNetwork: Error Code 10: Internal Error (Could not find any"
    " implementation for node {ForeignNode[/conv/Conv]} due to insufficient workspace. See"
    " verbose log for requested sizes.)"
)
NO_KERNEL = (
    "Error Code 10: Internal Error (Could not find any implementation for node /attn/MatMul.)"
)
MYELIN = (
    "IBuilder::buildSerializedNetwork: Error Code 1: Myelin ([myelin_graph.h:1295:"
    " attachExceptionMsgToGraph] MyelinCheckException: graph_jit.cpp:278: CHECK(status =="
    " CUDA_SUCCESS) failed.  In compileGraph at /_src/optimizer/myelin/codeGenerator.cpp:2012)"
)
SHAPES = (
    "IBuilder::buildSerializedNetwork: Error Code 4: Internal Error (kOPT values for profile 0"
    " violate shape constraints: IShuffleLayer rs: reshaping failed for tensor: x reshape would"
    " change volume 8 to 4 In executeReshape at /_src/runtime/core/shapeMachine.cpp:348)"
)


EXPANDED = (
    "IBuilder::buildSerializedNetwork: Error Code 4: API Usage Error (IConditionalOutputLayer"
    " node_of_d_else_OutputLayer: Must have inputs with equal ranks. Dimensions are [] and [1]. In"
    " lowerShapes at /_src/optimizer/api/x.cpp:3)"
)


@pytest.fixture
def failure(tmp_path):
    """The error for such a build of a graph with a node `/attn/MatMul` and one without a name."""
    ends = [nets.value(name, nets.FLOAT, [3, 3]) for name in ("x", "y")]
    nodes = [
        nets.node("MatMul", ["x", "x"], ["d"], name=""),
        nets.node("MatMul", ["d", "x"], ["y"], name="/attn/MatMul"),
    ]
    path = nets.saved(tmp_path / "net.onnx", nets.model(nodes, ends[:1], ends[1:]))
    return lambda library, options, errors: failure_of(library, options, errors, path)


def test_gpu_memory_is_named_with_the_limit_that_was_used(failure):
    limited = failure(TENSORRT, EngineOptions(workspace=1 << 30), [NO_MEMORY]).fault
    assert limited.code == "device_memory_exceeded"
    assert "workspace of at most 1073741824 bytes" in limited.detail
    assert "below 1 GiB" in limited.detail
    free = failure(TENSORRT, EngineOptions(), [NO_MEMORY]).fault
    assert "no limit on the workspace" in free.detail
    assert "Set a limit with 'workspace'" in free.detail


def test_a_workspace_that_is_too_small_is_to_be_larger(failure):
    found = failure(TENSORRT, EngineOptions(workspace=1 << 20), [NO_SCRATCH]).fault
    assert (found.code, found.field) == ("device_memory_exceeded", "workspace")
    assert "Allow a larger 'workspace'" in found.detail


def test_a_node_without_a_kernel_is_named(failure):
    found = failure(TENSORRT, EngineOptions(), [NO_KERNEL]).fault
    assert (found.code, found.node, found.operator) == (
        "unsupported_operator",
        "/attn/MatMul",
        "MatMul",
    )


def test_a_layer_is_traced_to_the_node_that_it_comes_from(failure):
    found = failure(RTX, EngineOptions(), [EXPANDED]).fault
    assert (found.code, found.node, found.operator) == (
        "unsupported_operator",
        "node_of_d",
        "MatMul",
    )
    assert "Must have inputs with equal ranks. Dimensions are [] and [1]." in found.detail


def test_a_layer_of_a_branch_is_traced_too(tmp_path):
    path = nets.saved(tmp_path / "net.onnx", nets.inner_gap())
    found = failure_of(RTX, EngineOptions(), ["IReduceLayer sum: no such axis"], path).fault
    assert (found.node, found.operator) == ("sum", "ReduceSum")


def test_words_that_are_no_node_name_none(failure):
    found = failure(RTX, EngineOptions(), ["Error Code 9: Internal Error (ILayer matmul: no)"])
    assert found.fault.code == "conversion_failed"


def test_what_needs_a_gpu_is_laid_to_the_option_only_where_it_was_asked_for(failure):
    found = failure(RTX, EngineOptions(refittable=True), [MYELIN]).fault
    assert (found.code, found.field) == ("invalid_options", "refittable")
    assert failure(RTX, EngineOptions(), [MYELIN]).fault.code == "conversion_failed"
    ours = failure(TENSORRT, EngineOptions(refittable=True), [MYELIN]).fault
    assert ours.code == "conversion_failed"


def test_shapes_that_the_model_refuses_are_the_profiles_fault(failure):
    found = failure(RTX, EngineOptions(), [SHAPES]).fault
    assert found.code == "invalid_profile"
    assert "reshape would change volume 8 to 4." in found.detail
    assert "/_src/" not in found.detail


def test_the_hosts_memory_is_another_matter(failure):
    found = failure(TENSORRT, EngineOptions(), ["std::bad_alloc"]).fault
    assert found.code == "memory_exceeded"


def test_silence_is_a_failure_too(failure):
    assert failure(RTX, EngineOptions(), []).fault.code == "conversion_failed"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("false", "the parser has no implementation of it."),
        ("", "the parser has no implementation of it."),
        (
            'Assertion failed: convert(a, &b) && "Failed to convert."',
            "Failed to convert.",
        ),
        (
            "Assertion failed: (ctx->tensors().count(name)): Node input was not registered.",
            "Node input was not registered.",
        ),
        (
            "Invalid Node - b\nError Code 4: API Usage Error (b: input has type Int32 In a at b)",
            "b: input has type Int32.",
        ),
    ],
)
def test_reasons_are_told_without_source_code(said, told):
    assert reason(said) == told


def test_what_is_said_of_every_machine_without_a_gpu_is_no_warning():
    said = Said()
    said.add(1, "Error Code 1: Cuda Runtime (CUDA driver version is insufficient for CUDA)")
    said.add(2, "i: shape values set for non-shape input in profile 0.")
    said.add(2, "weights are affected by this issue")
    said.add(2, "weights  are affected by\nthis issue")
    said.add(3, "only information")
    assert (said.warnings, said.errors) == (["weights are affected by this issue"], [])
    assert said.no_shapes == {"i"}


def test_warnings_are_bounded():
    said = Said()
    for number in range(1000):
        said.add(2, f"warning {number} {'x' * 1000}")
    assert len(said.warnings) == 50
    assert max(map(len, said.warnings)) <= 600
