"""Programs as source: it computes the same, and a person would have written it so."""

import importlib.util
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from ruff import find_ruff_bin
from torch import nn
from torch.export import Dim

from bench.architectures import ARCHITECTURES
from tests.converters.torch_nets import BATCH, LENGTH, NETS, randomised
from workers.torch_source.writing import write_checked


@dataclass
class Written:
    """A package that was written: its code, its module, and the program that it was made of."""

    text: str
    module: nn.Module
    program: Any
    facts: dict[str, Any]
    code: Any

    def agrees(self, *inputs: torch.Tensor) -> bool:
        """Whether it gives what the program gives."""
        pytree = torch.utils._pytree
        ours = pytree.tree_leaves(self.module(*[each.clone() for each in inputs]))
        theirs = pytree.tree_leaves(self.program.module()(*[each.clone() for each in inputs]))
        return all(torch.allclose(a, b, atol=1e-5) for a, b in zip(ours, theirs, strict=True))

    @property
    def body(self) -> str:
        """Everything but the functions that all packages have."""
        return self.text.partition("\ndef build()")[0]


@pytest.fixture
def write(tmp_path):
    def make(module, inputs, dims=None, **options: Any) -> Written:
        torch.manual_seed(3)
        program = torch.export.export(
            randomised(module).eval(), inputs, dynamic_shapes=dims, **options
        )
        folder = tmp_path / f"package{len(list(tmp_path.iterdir()))}"
        facts = write_checked(program, folder, "Model")
        code = imported(folder)
        return Written((folder / "model.py").read_text(), code.build(), program, facts, code)

    return make


def imported(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"{folder.name}_model", folder / "model.py")
    code = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    return code


def lint(text: str) -> str:
    """What ruff says of a file, in its usual rules and of its layout."""
    for command in (["check", "--isolated", "--select=E,F,I,B,SIM,PIE,RET", "--ignore=RET504"],
                    ["format", "--isolated", "--check"]):  # fmt: skip
        done = subprocess.run(
            [find_ruff_bin(), *command, "--stdin-filename=model.py", "-"],
            input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            return done.stdout + done.stderr
    return ""


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_is_written_without_raw_operators(write, name):
    torch.manual_seed(0)
    module, inputs = ARCHITECTURES[name]()
    made = write(module, inputs, tuple({0: Dim("batch", min=1, max=16)} for _ in inputs))
    assert made.facts["style"] == "modules"
    assert "torch.ops" not in made.text
    assert len(made.text.splitlines()) <= 100
    assert lint(made.text) == ""
    assert made.agrees(*(torch.cat([each, each, each])[:5] for each in inputs))


@pytest.mark.parametrize("name", ["cnn", "encoder", "many", "keys"])
def test_what_was_written_can_be_exported_again(write, name):
    net = NETS[name]
    made = write(net.module(), net.example, net.dims)
    again = torch.export.export(
        made.module, made.code.example_inputs(), dynamic_shapes=tuple(net.dims)
    )
    inputs = [torch.cat([each, each])[:3] for each in net.example]
    pytree = torch.utils._pytree
    ours = pytree.tree_leaves(again.module()(*inputs))
    theirs = pytree.tree_leaves(made.program.module()(*inputs))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(ours, theirs, strict=True))
    assert "state_dict" not in made.text


def test_resnet18_has_a_block_and_stages_of_it(write):
    module, inputs = ARCHITECTURES["ResNet-18"]()
    made = write(module, inputs, ({0: BATCH},))
    assert "nn.Conv2d(" in made.text
    assert "self.blocks = nn.Sequential(" in made.text
    assert len(re.findall(r"^class ", made.text, re.MULTILINE)) <= 4
    assert len(re.findall(r"\bBlock\d?\(\d", made.text)) == 8
    assert set(made.module.state_dict()) == set(module.state_dict())


def test_attention_and_loops_over_layers_are_found_again(write):
    module, inputs = ARCHITECTURES["BERT"]()
    made = write(module, inputs, ({0: BATCH}, {0: BATCH}))
    assert "query, key, value = self.qkv(self.norm(x)).chunk(3, dim=-1)" in made.text
    assert "F.scaled_dot_product_attention(query, key, value, mask)" in made.text
    assert "for layer in self.layers:" in made.text
    assert "nn.ModuleList([Attention() for _ in range(2)])" in made.text
    assert "mask[:, None, None]" in made.text


def test_lengths_that_vary_are_read_from_the_inputs(write):
    net = NETS["encoder"]
    made = write(net.module(), net.example, net.dims)
    assert "batch, length = x.shape[:2]" in made.text
    assert made.agrees(torch.randint(0, 50, (5, 31)))


def test_recurrent_layers_make_their_own_zeros(write):
    net = NETS["lstm"]
    made = write(net.module(), net.example, net.dims)
    assert "nn.LSTM(6, 12, num_layers=2, batch_first=True, bidirectional=True)" in made.text
    assert "zeros" not in made.body


class Branches(nn.Module):
    """A branch and a loop, which torch.export keeps."""

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(4, 4)

    def forward(self, x):
        x = torch.cond(x.sum() > 0, lambda y: self.line(y) * 2, lambda y: y - 1, (x,))

        def below(i, y):
            return i < 3

        def step(i, y):
            return i + 1, y * 2

        return torch.while_loop(below, step, (torch.tensor(0), x))[1]


def test_branches_and_loops_are_functions_beside_their_call(write):
    made = write(Branches(), (torch.ones(2, 4),))
    assert "torch.cond(x.sum() > 0, if_true, if_false, (x,))" in made.text
    assert "return self.line(" in made.text
    assert "torch.while_loop(keep_going, step," in re.sub(r"\(\s+", "(", made.text)
    assert made.agrees(torch.ones(2, 4))
    assert made.agrees(-torch.ones(2, 4))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(30, 8)
        self.head = nn.Linear(8, 30, bias=False)
        self.head.weight = self.words.weight

    def forward(self, ids):
        return self.head(self.words(ids))


def test_tied_weights_stay_tied(write):
    made = write(Tied(), (torch.randint(0, 30, (2, 5)),), ({0: BATCH, 1: LENGTH},))
    assert made.module.head.weight is made.module.words.weight
    assert made.agrees(torch.randint(0, 30, (3, 4)))


class Odd(nn.Module):
    """Buffers that change, constants, a module called twice, complex numbers, keywords."""

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(6, 6)
        self.register_buffer("seen", torch.zeros(()))
        self.table = torch.linspace(0, 1, 40)

    def forward(self, x, *, shift):
        self.seen += 1
        y = self.line(self.line(x)) + self.table[:6] * torch.tensor([1.0, 2, 3, 4, 5, 6])
        y[:, 1:3] = shift[:, :2]
        z = torch.fft.fft(y).abs() + torch.complex(y, y).real
        return {"y": (y, [z, None]), "n": (x > 0).nonzero(), "seen": self.seen.clone()}


def test_odd_things_are_right(tmp_path):
    torch.manual_seed(0)
    x, shift = torch.randn(3, 6), torch.randn(3, 2)
    program = torch.export.export(Odd().eval(), (x,), {"shift": shift})
    write_checked(program, tmp_path / "package", "Model")
    module = imported(tmp_path / "package").build()
    again = program.module()
    for _ in range(2):
        ours = torch.utils._pytree.tree_leaves(module(x, shift))
        theirs = torch.utils._pytree.tree_leaves(again(x, shift=shift))
        for one, other in zip(ours, theirs, strict=True):
            assert one is other is None or torch.allclose(one, other, atol=1e-5)
    assert module.seen == 2
    text = (tmp_path / "package" / "model.py").read_text()
    assert "self.line(self.line(x))" in text
    assert "y[:, 1:3] = " in text
    assert lint(text) == ""


def test_halves_keep_their_type(write):
    class Halves(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Linear(4, 4, dtype=torch.bfloat16)
            self.scale = nn.Parameter(torch.rand(4))

        def forward(self, x):
            return self.line(x.bfloat16()).float() * self.scale

    made = write(Halves(), (torch.randn(2, 4),))
    kinds = {name: each.dtype for name, each in made.module.state_dict().items()}
    assert kinds["line.weight"] == torch.bfloat16
    assert kinds["scale"] == torch.float32


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: x[:, 1][:, None] + x[..., -1:], "x[:, 1, None] + x[:, -1:]"),
        (lambda x: torch.cat([x, -x], 1).softmax(-1), "torch.cat([x, -x], dim=1).softmax(-1)"),
        (lambda x: (x - 1) / (2 - x) ** 2, "(x - 1) / (2 - x) ** 2"),
        (lambda x: x - (x - (x + 1)), "x - (x - (x + 1))"),
        (lambda x: x.clamp(min=0).sum((0, 1), keepdim=True), "x.clamp(min=0).sum((0, 1), keep"),
        (lambda x: torch.where(x > 0, x, float("-inf")), 'torch.where(x > 0, x, float("-inf"))'),
        (lambda x: ~(x > 0) & (x < 1), "~(x > 0) & (x < 1)"),
        (lambda x: torch.special.bessel_j0(x), "torch.special.bessel_j0(x)"),
        (lambda x: torch.einsum("ij,kj->ik", x, x), 'torch.einsum("ij,kj->ik", x, x)'),
        (lambda x: nn.functional.pad(x, (1, 2)), "F.pad(x, (1, 2))"),
    ],
)
def test_expressions_are_written_as_people_write_them(write, function, said):
    class One(nn.Module):
        def forward(self, x):
            return function(x)

    made = write(One(), (torch.rand(3, 4),))
    assert said in made.text
    assert "torch.ops" not in made.text


def test_an_operator_in_no_table_is_called_by_its_name(write):
    class Rare(nn.Module):
        def forward(self, x):
            return torch.ops.aten._pdist_forward(x, 2.0)

    made = write(Rare(), (torch.rand(3, 4),))
    assert "torch.ops.aten._pdist_forward.default(x)" in made.text
    assert made.facts["raw_operators"] == ["aten._pdist_forward.default"]
