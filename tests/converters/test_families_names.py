"""Known families: the files of transformers' TensorFlow classes, `tf_model.h5`, into its modules.

Names as those classes gave them up to version 4: a list's numbers are `layer_._0`, a scope
`mlm___cls` stands for `cls`, and before all is the class's own name in Keras's snake case.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.named_weights import tensorflow
from workers.transplant.applying import apply
from workers.transplant.carrying import carry, made
from workers.transplant.families import named, recognised
from workers.transplant.live_torch import TorchWeights
from workers.weights.opening import open_weights
from workers.weights.variables import Framework

SMALL = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
BERT = {**SMALL, "vocab_size": 20, "intermediate_size": 16, "max_position_embeddings": 12}
GPT2 = {"n_embd": 8, "n_head": 2, "n_layer": 2, "vocab_size": 20, "n_positions": 12,
        "bos_token_id": 0, "eos_token_id": 0}  # fmt: skip
T5 = {"vocab_size": 20, "d_model": 8, "d_kv": 4, "d_ff": 16, "num_layers": 2, "num_heads": 2}
VIT = {**SMALL, "intermediate_size": 16, "image_size": 8, "patch_size": 4}
WHISPER = {
    "vocab_size": 20, "d_model": 8, "num_mel_bins": 8, "max_source_positions": 10,
    "max_target_positions": 12, "encoder_layers": 1, "decoder_layers": 1,
    "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
    "decoder_start_token_id": 1, "suppress_tokens": None, "begin_suppress_tokens": None,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    family: str
    module: str
    config: tuple[str, dict[str, Any]]
    scope: str
    """The class's name, as Keras has it."""


CASES = (
    Case("bert", "BertModel", ("BertConfig", BERT), "tf_bert_model"),
    Case("bert", "BertForPreTraining", ("BertConfig", BERT), "tf_bert_for_pre_training_2"),
    Case("bert", "BertForSequenceClassification", ("BertConfig", BERT),
         "tf_bert_for_sequence_classification"),
    Case("bert", "BertForQuestionAnswering", ("BertConfig", BERT),
         "tf_bert_for_question_answering"),
    Case("bert", "BertLMHeadModel",
         ("BertConfig", {**BERT, "is_decoder": True, "add_cross_attention": True}),
         "tf_bert_lm_head_model"),
    Case("gpt2", "GPT2LMHeadModel", ("GPT2Config", GPT2), "tfgp_t2lm_head_model"),
    Case("gpt2", "GPT2ForSequenceClassification", ("GPT2Config", GPT2),
         "tfgp_t2for_sequence_classification"),
    Case("gpt2", "GPT2Model", ("GPT2Config", {**GPT2, "add_cross_attention": True}),
         "tfgp_t2model"),
    Case("t5", "T5ForConditionalGeneration", ("T5Config", T5), "tf_t5for_conditional_generation"),
    Case("t5", "T5ForConditionalGeneration",
         ("T5Config", {**T5, "feed_forward_proj": "gated-gelu"}), "tf_t5model_1"),
    Case("vit", "ViTForImageClassification", ("ViTConfig", VIT),
         "tf_vi_t_for_image_classification"),
    Case("vit", "ViTModel", ("ViTConfig", VIT), "tf_vi_t_model"),
    Case("whisper", "WhisperForConditionalGeneration", ("WhisperConfig", WHISPER),
         "tf_whisper_for_conditional_generation"),
)  # fmt: skip
SAVED_AS = {  # modules of the fifth version, as the classes of the fourth had them
    "vit": {r"^vit\.layers|^layers": "vit.encoder.layer",
            r"attention\.q_proj": "attention.attention.query",
            r"attention\.k_proj": "attention.attention.key",
            r"attention\.v_proj": "attention.attention.value",
            r"attention\.o_proj": "attention.output.dense", r"mlp\.fc1": "intermediate.dense",
            r"mlp\.fc2": "output.dense"},
    "bert": {r"^cls\.predictions": "mlm___cls.predictions", r"^cls\.seq": "nsp___cls.seq"},
}  # fmt: skip
BODIES = {"bert": "bert", "gpt2": "transformer", "vit": "vit", "whisper": "model"}


def _variables(case: Case, module: Any) -> Iterator[tuple[str, Any]]:
    """Each variable of a module, named and laid out as TensorFlow's class has it."""
    heads = (
        "lm_head",
        "cls",
        "classifier",
        "qa_outputs",
        "score",
        "proj_out",
        BODIES.get(case.family, ""),
    )
    ties = TorchWeights(module).ties
    for name, tensor in module.state_dict().items():
        if name in ties or name.startswith("decoder.embed_tokens"):
            continue
        path, _, leaf = name.rpartition(".")
        layer = module.get_submodule(path)
        for old, new in SAVED_AS.get(case.family, {}).items():
            path = re.sub(old, new, path)
        if case.family in BODIES and path.split(".")[0].split("___")[-1] not in heads:
            path = f"{BODIES[case.family]}.{path}"
        scope = _scope(path, "." if case.family == "whisper" else "_._")
        leaf, array = _laid_out(layer, scope, leaf, tensor.detach().numpy())
        root = "shared" if scope == "shared" else case.scope
        yield f"{root}/{scope}/{leaf}", array


def _unheard(message: str, /, *, progress: float | None = None) -> None:
    del message, progress


def _scope(path: str, list_sign: str) -> str:
    scopes: list[str] = []
    for part in path.split("."):
        if part.isdigit():
            scopes[-1] += f"{list_sign}{part}"
        else:
            scopes.append(part)
    return "/".join(scopes)


def _laid_out(layer: Any, scope: str, leaf: str, array: Any) -> tuple[str, Any]:
    kind = type(layer).__name__
    if kind == "Linear" or (kind.startswith("Conv") and array.ndim > 2):
        axes = {2: (1, 0), 3: (2, 1, 0), 4: (2, 3, 1, 0)}
        return ("kernel", array.transpose(axes[array.ndim])) if leaf == "weight" else (leaf, array)
    if kind == "LayerNorm":
        return {"weight": "gamma", "bias": "beta"}[leaf], array
    if kind == "Embedding":
        return ("weight" if scope.endswith("word_embeddings") else "embeddings"), array
    if kind == "Conv1D" and leaf == "bias":
        return leaf, array[None]
    return leaf, array


def _write(path: Path, case: Case, variables: dict[str, Any]) -> None:
    """As Keras 2 saves weights: a group for each layer of the model, with all that it holds."""
    import h5py

    groups: dict[str, list[str]] = {}
    for name in variables:
        groups.setdefault(name.split("/")[1], []).append(name)
    if case.family == "bert" and "mlm___cls" in groups:
        groups["mlm___cls"] += [each for each in groups["bert"] if "/embeddings/" in each]
    if case.family == "t5":
        groups["encoder"] += groups["shared"]
        groups["decoder"] += groups["shared"]
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [each.encode() for each in groups]
        for group, names in groups.items():
            file.create_group(group).attrs["weight_names"] = [f"{n}:0".encode() for n in names]
            for name in names:
                file[f"{group}/{name}:0"] = variables[name]


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.scope)
def test_a_file_of_a_tensorflow_class_fills_its_module(case: Case, tmp_path: Path) -> None:
    import torch
    import transformers

    config = getattr(transformers, case.config[0])(**case.config[1])
    make = getattr(transformers, case.module)
    source, target = make(config), make(config)
    with torch.no_grad():
        for each in (*source.parameters(), *target.parameters()):
            each.normal_()
    variables = dict(_variables(case, source))
    file = tmp_path / "tf_model.h5"
    _write(file, case, variables)
    with open_weights(file, "keras-weights") as weights:
        found = recognised(weights)
        template = TorchWeights(target)
        transfer = apply(named(case.family), weights, template).transfer()
        carry(transfer, weights, template, _unheard)
    assert found is not None
    assert found.family == case.family
    assert transfer.complete
    assert not [each for each in transfer.unfilled if "attn" in each.name]
    filled = target.state_dict()
    for name, tensor in source.state_dict().items():
        assert torch.equal(filled[name], tensor), name


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.scope)
def test_a_module_fills_the_variables_of_a_tensorflow_class(case: Case) -> None:
    """The way back, into a template with those names."""
    import transformers

    config = getattr(transformers, case.config[0])(**case.config[1])
    module = getattr(transformers, case.module)(config)
    variables = dict(_variables(case, module))
    template = tensorflow({name: each.shape for name, each in variables.items()})
    source = TorchWeights(module)
    applied = apply(named(case.family, Framework.PYTORCH), source, template)
    assert applied.transfer().complete
    for move in applied.moves:
        assert np.array_equal(made(move.value, source.read), variables[move.target]), move.target
    assert {each.target for each in applied.moves} == set(variables)
