"""LinearAttention: a state that keys write to and queries read from, step after step."""

from torch import Tensor

from workers.onnx_graph.registry import operator
from workers.onnx_torch.attending import heads_first, heads_joined, shared
from workers.onnx_torch.solving import Steps, run


@operator("LinearAttention")
def linearattention(  # noqa: PLR0917 - ONNX's inputs
    q: Tensor,
    k: Tensor,
    v: Tensor,
    past: Tensor | None = None,
    decay: Tensor | None = None,
    beta: Tensor | None = None,
    *,
    kv_num_heads: int,
    q_num_heads: int,
    scale: float,
) -> tuple[Tensor, Tensor]:
    """All steps at once; the rule is told by whether there are `decay` and `beta`.

    q, k, v are (batch, steps, heads * size), the state is (batch, heads, size of k, size of v).
    """
    queries = heads_first(q, q_num_heads).float()
    size = queries.shape[3]
    start = k.new_zeros(q.shape[0], kv_num_heads, size, v.shape[2] // kv_num_heads)
    steps = Steps(
        keys=heads_first(k, kv_num_heads).float(),
        values=heads_first(v, kv_num_heads).float(),
        decay=None if decay is None else heads_first(decay, kv_num_heads).float(),
        beta=None if beta is None else heads_first(beta, beta.shape[2]).float(),
    )
    read, state = run(steps, (start if past is None else past).float(), queries, shared)
    found = read * (scale or float(size) ** -0.5)
    return heads_joined(found).to(q.dtype), state.to(q.dtype if past is None else past.dtype)
