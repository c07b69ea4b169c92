"""Names: the words and numbers in them, and how far two of them agree."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from re import findall, fullmatch, sub

AUTOMATIC = (
    r"(?P<word>(?:separable_|depthwise_)?conv[123]d(?:_transpose)?|dense|einsum_dense"
    r"|(?:sync_)?(?:batch|layer|group|rms|unit|spectral)_normalization|lstm|gru|simple_rnn"
    r"|lstm_cell|gru_cell|simple_rnn_cell|rnn|bidirectional|time_distributed|embedding"
    r"|multi_head_attention|group_query_attention|p_?re_?lu|normalization|sequential|functional"
    r"|model|layer_with_weights)(?:[_-](?P<number>\d+))?"
)

PHRASES = (
    (r"(separable_)?conv(olution(al)?)?_?[123]d", "conv"),
    (r"(batch|layer|group|rms|instance)_?norm(alization)?", "norm"),
    (r"(multi_?head|self|group_query)_?attention", "attention"),
    (r"attention_output|output_proj(ection)?|out_proj|o_proj", "attended"),
    (r"patch_?embed(ding|dings)?", "patch"),
    (r"pos(ition|itional)?_?emb(ed|edding|eddings)?", "position"),
    (r"(feed_?forward(_network)?|ffn)", "mlp"),
    (r"depth_?wise(_?conv)?|dw_?conv|conv_?dw|conv_dw", "depthwise"),
    (r"point_?wise(_?conv)?|pw_?conv|conv_?pw|conv_pw", "pointwise"),
    (r"squeeze_?(and_?)?excit(e|ation)", "se"),
    (r"down_?sampl(e|er|ing)", "shortcut"),
)

WORDS = {
    word: head
    for head, others in {
        "conv": "convolution cnn convs",
        "norm": "bn ln gn batchnorm layernorm normalization norms",
        "dense": "fc linear lin",
        "head": "classifier logits predictions prediction output outputs out top softmax probs",
        "block": "blocks layer layers stage stages stack",
        "attention": "attn mha sa self_attn",
        "query": "q",
        "key": "k",
        "value": "v",
        "attended": "proj o",
        "embedding": "emb embed embeddings embeds wte token tokens",
        "position": "pos wpe positions positional",
        "mlp": "ff",
        "shortcut": "skip residual identity",
        "depthwise": "dw",
        "pointwise": "pw",
        "encoder": "enc",
        "decoder": "dec",
        "recurrent": "rnn",
        "forward": "fw fwd",
        "backward": "bw bwd reverse reversed",
        "se": "squeeze excite",
    }.items()
    for word in others.split()
}

QUIET = frozenset({"conv", "norm", "dense", "block", "lstm", "gru", "recurrent", "embedding"})
WRAPPERS = frozenset({"module", "model", "_orig_mod", "base_model", "net", "network", "vars"})


def components(scope: str) -> tuple[str, ...]:
    """The parts of a scope, those aside that only wrap what is inside."""
    parts = [each for each in sub(r"[./]+", "/", scope).split("/") if each]
    return tuple(each for each in parts if each.lower() not in WRAPPERS) or tuple(parts)


def automatic(component: str) -> tuple[str, int] | None:
    """The class's word and the number of a name that Keras gave, such as `conv2d_7`."""
    found = fullmatch(AUTOMATIC, component)
    return (found["word"], int(found["number"] or 0)) if found else None


def tokens(scope: str) -> tuple[str, ...]:
    """Words in one spelling and numbers, in their order; numbers that Keras gave are dropped."""
    return tuple(each for part in components(scope) for each in _tokens(part))


def _tokens(component: str) -> Iterable[str]:
    given = automatic(component)
    text = given[0] if given else sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", component).lower()
    for pattern, word in PHRASES:
        text = sub(rf"(?<![a-z]){pattern}(?![a-z])", f"_{word}_", text)
    for each in findall(r"[a-z]+|\d+", text):
        yield WORDS.get(each, each)


def skeleton(scope: str) -> tuple[str, tuple[int, ...]]:
    """A scope with its numbers taken out, and those numbers."""
    told = "/".join(
        f"{given[0]}_{given[1]}" if (given := automatic(each)) else each
        for each in components(scope)
    )
    return sub(r"\d+", "#", told), tuple(int(each) for each in findall(r"\d+", told))


def ranked(names: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[str, ...]]:
    """Names with each number replaced by its rank among those at its place, as `#0`.

    One side may count its blocks from 1 and the other from 0, or by the layers in between. Each
    name comes with its layer's kind: numbers of other kinds do not count.
    """
    values: dict[object, set[int]] = {}
    for kind, words in names:
        for index, word in enumerate(words):
            if word.isdigit():
                values.setdefault(_place(kind, words, index), set()).add(int(word))
    places = {
        key: {each: rank for rank, each in enumerate(sorted(v))} for key, v in values.items()
    }
    return [
        tuple(
            f"#{places[_place(kind, words, index)][int(word)]}" if word.isdigit() else word
            for index, word in enumerate(words)
        )
        for kind, words in names
    ]


def _place(kind: str, words: Sequence[str], index: int) -> object:
    return kind, tuple("#" if each.isdigit() else each for each in words[:index])


def features(words: Sequence[str], ranks: Sequence[str]) -> Counter[str]:
    """What is compared of a name: its words, its numbers as they are and by their ranks, and
    those with the words beside them, once more at the end, where layers of a block differ."""
    found = Counter(words)
    found.update(each for each in ranks if each.startswith("#"))
    for line in (words, ranks):
        for first, second in pairwise(line):
            if _counts(first) != _counts(second):
                found["+".join(sorted((first, second)))] += 1
        if len(line) > 1 and _counts(line[-2]) != _counts(line[-1]):
            found["+".join((*sorted(line[-2:]), "at the end"))] += 1
    return found


def _counts(token: str) -> bool:
    return token.isdigit() or token.startswith("#")


@lru_cache(maxsize=1 << 14)
def weight(feature: str) -> float:
    """How much a feature says: a word much, a number little, what the kind says anyway least."""
    if "+" in feature:
        return 0.3
    if _counts(feature):
        return 0.15
    return 0.25 if feature in QUIET else 1.0


def similarity(first: Counter[str], second: Counter[str]) -> float:
    """From 0 for nothing in common to 1 for the same features."""
    whole = sum(weight(each) * count for found in (first, second) for each, count in found.items())
    if not whole:
        return 0.0
    shared = sum(weight(each) * count for each, count in (first & second).items())
    return 2 * shared / whole
