"""Models as people write them: names that go another way than the order, and what is no weight."""

import numpy as np

from tests.unit.held_weights import HeldWeights, Maker, keras, torch
from workers.transplant.expressions import Join, Read, names
from workers.transplant.matching import match
from workers.weights.variables import Framework, Variable


class Shapes(HeldWeights):
    """Names and shapes, of which no value is asked."""

    @property
    def variables(self):
        return {name: Variable(name, tuple(each), "float32") for name, each in self.arrays.items()}


def norm(scope, size):
    if "." in scope:
        leaves = (".weight", ".bias", ".running_mean", ".running_var")
    else:
        leaves = ("/gamma", "/beta", "/moving_mean", "/moving_variance")
    return {scope + leaf: (size,) for leaf in leaves}


def keras_block(block, inputs, inner):
    """As keras.applications lists a bottleneck: the shortcut before the last convolution."""
    outputs = 4 * inner
    found = {f"{block}_1_conv/kernel": (1, 1, inputs, inner)} | norm(f"{block}_1_bn", inner)
    found |= {f"{block}_2_conv/kernel": (3, 3, inner, inner)} | norm(f"{block}_2_bn", inner)
    if inputs != outputs:
        found |= {f"{block}_0_conv/kernel": (1, 1, inputs, outputs)}
    found |= {f"{block}_3_conv/kernel": (1, 1, inner, outputs)}
    found |= norm(f"{block}_0_bn", outputs) if inputs != outputs else {}
    return found | norm(f"{block}_3_bn", outputs)


def torch_block(block, inputs, inner):
    """As torchvision does: the shortcut comes last."""
    outputs = 4 * inner
    found = {f"{block}.conv1.weight": (inner, inputs, 1, 1)} | norm(f"{block}.bn1", inner)
    found |= {f"{block}.conv2.weight": (inner, inner, 3, 3)} | norm(f"{block}.bn2", inner)
    found |= {f"{block}.conv3.weight": (outputs, inner, 1, 1)} | norm(f"{block}.bn3", outputs)
    if inputs == outputs:
        return found
    found |= {f"{block}.downsample.0.weight": (outputs, inputs, 1, 1)}
    return found | norm(f"{block}.downsample.1", outputs)


def residual():
    """Four stages of three blocks. Each first block has a shortcut of its own; that of the first
    stage has the shape of the convolution beside it."""
    left, right = {}, {}
    inputs = 8
    for stage, inner in enumerate((8, 16, 32, 64)):
        for block in range(3):
            left |= keras_block(f"conv{stage + 2}_block{block + 1}", inputs, inner)
            right |= torch_block(f"layer{stage + 1}.{block}", inputs, inner)
            inputs = 4 * inner
    return Shapes(Framework.TENSORFLOW, left), Shapes(Framework.PYTORCH, right)


def test_finds_a_shortcut_that_is_listed_elsewhere():
    source, target = residual()
    transfer = match(source, target)
    assert transfer.complete
    found = {move.target: next(names(move.value)) for move in transfer.moves}
    assert found["layer1.0.conv3.weight"] == "conv2_block1_3_conv/kernel"
    assert found["layer1.0.downsample.0.weight"] == "conv2_block1_0_conv/kernel"
    assert found["layer1.0.bn3.weight"] == "conv2_block1_3_bn/gamma"
    assert found["layer1.0.downsample.1.running_var"] == "conv2_block1_0_bn/moving_variance"
    assert found["layer1.2.bn1.weight"] == "conv2_block3_1_bn/gamma"


def test_leaves_out_what_the_training_kept():
    layer = Maker(1).dense(3, 2, bias=True)
    model = {f"dense/{leaf}": each for leaf, each in layer.keras.items()}
    slots = {
        "dense/kernel/Adam": model["dense/kernel"],
        "dense/kernel/Adam_1": model["dense/kernel"],
        "dense/kernel/ExponentialMovingAverage": model["dense/kernel"],
        "optimizer/_iterations/.ATTRIBUTES/VARIABLE_VALUE": np.array(3),
        "global_step": np.array(3),
    }
    target = torch({f"fc.{leaf}": each for leaf, each in layer.torch.items()})
    transfer = match(keras(model | slots, ordered=False), target)
    assert transfer.complete
    assert {each.name for each in transfer.unread} == set(slots)
    assert [next(names(each.value)) for each in transfer.moves] == list(model)


def test_sees_through_the_wrappers_of_a_module():
    layers = [Maker(2).dense(4, 4, bias=True) for _ in range(2)]
    plain = {
        f"fc{index}.{leaf}": each
        for index, layer in enumerate(layers)
        for leaf, each in layer.torch.items()
    }
    wrapped = torch({f"module._orig_mod.{name}": each for name, each in plain.items()})
    transfer = match(wrapped, torch(plain))
    assert [each.value for each in transfer.moves] == [
        Read(f"module._orig_mod.{name}") for name in plain
    ]


def test_splits_and_joins_fused_projections():
    split = {f"block/{each}/kernel": (8, 8) for each in ("query", "key", "value")}
    source = Shapes(Framework.TENSORFLOW, split | {"block/proj/kernel": (8, 8)})
    target = Shapes(
        Framework.PYTORCH, {"blocks.0.qkv.weight": (24, 8), "blocks.0.proj.weight": (8, 8)}
    )
    forth = match(source, target)
    assert forth.complete
    assert isinstance(forth.moves[0].value, Join)
    assert list(names(forth.moves[0].value)) == list(split)
    back = match(target, source)
    assert back.complete
    assert [list(names(each.value)) for each in back.moves][:3] == [["blocks.0.qkv.weight"]] * 3


def test_fills_what_a_layer_does_without_and_drops_only_what_says_nothing():
    maker = Maker(3)
    with_bias = maker.dense(4, 5, bias=True)
    bare = {"dense/kernel": with_bias.keras["kernel"]}
    other = {f"fc.{leaf}": each for leaf, each in with_bias.torch.items()}
    assert match(keras(bare), torch(other)).complete
    lost = match(torch(other), keras(bare))
    assert not lost.moves
    assert "not all zeros" in next(each.why for each in lost.unread if each.name == "fc.bias")
    other["fc.bias"] = np.zeros_like(other["fc.bias"])
    assert match(torch(other), keras(bare)).complete


def test_gives_a_tied_variable_the_value_of_the_other():
    table = np.ones((9, 4), np.float32)
    target = torch({"emb.weight": table, "head.weight": table}, ties={"head.weight": "emb.weight"})
    transfer = match(keras({"embedding/embeddings": table}), target)
    assert transfer.complete
    assert {each.target: each.value for each in transfer.moves} == {
        "emb.weight": Read("embedding/embeddings"),
        "head.weight": Read("embedding/embeddings"),
    }


def test_keeps_out_of_what_a_mapping_file_has_settled():
    layers = [Maker(4).dense(4, 4, bias=False) for _ in range(2)]
    source = keras({f"d{index}/kernel": each.keras["kernel"] for index, each in enumerate(layers)})
    target = torch({f"f{index}.weight": each.torch["weight"] for index, each in enumerate(layers)})
    whole = match(source, target)
    crossed = [
        type(each)(each.target, other.value, "", 1.0, "rule 1")
        for each, other in zip(whole.moves[:1], whole.moves[1:], strict=True)
    ]
    transfer = match(source, target, settled=crossed)
    assert [next(names(each.value)) for each in transfer.moves] == ["d1/kernel", "d0/kernel"]
    skipped = match(source, target, skipped={"d0/kernel", "f0.weight"})
    assert [each.target for each in skipped.moves] == ["f1.weight"]
    assert skipped.complete
