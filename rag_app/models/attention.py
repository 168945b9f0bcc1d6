"""Attention for encoders on processors with bfloat16 instructions.

On such a processor the fused kernel of torch 2.13 takes half of the time in which MiniLM
embeds a chunk of 512 tokens; three plain operations that write into memory kept from one
call to the next take half as long. The memory matters as much as the operations: scores
of a few megabytes that are allocated anew come as untouched pages each time.
"""

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

_NAME = "in_place"
_own = threading.local()  # each thread's memory for the scores


def speed_up(model: "PreTrainedModel") -> None:
    """Have the model attend in place, where that pays and its attention can be chosen."""
    import torch
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    pays = model.device.type == "cpu" and model.dtype == torch.bfloat16
    if pays and model._supports_attention_backend:
        AttentionInterface.register(_NAME, _attend)
        AttentionMaskInterface.register(_NAME, sdpa_mask)
        model.set_attn_implementation(_NAME)


def _attend(
    module: Any,
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    attention_mask: "torch.Tensor | None",
    scaling: float | None = None,
    **options: Any,
) -> "tuple[torch.Tensor, None]":
    """softmax(QKᵀ · scaling)V, equation 1 of Vaswani et al., 2017.

    Takes (batch, heads, tokens, size) tensors and a boolean mask, True where to look;
    returns (batch, tokens, heads, size). What it does not handle goes to torch's kernel.
    """
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    handled = query.shape == key.shape and not getattr(module, "is_causal", False)
    if attention_mask is not None and attention_mask.dtype != torch.bool:
        handled = False
    if not handled or not torch.is_inference_mode_enabled():
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **options
        )
    batch, heads, tokens, size = query.shape
    scores = _memory(batch * heads * tokens * tokens, query.dtype).view(-1, tokens, tokens)
    scaled = query * (size**-0.5 if scaling is None else scaling)
    torch.bmm(_stacked(scaled), _stacked(key).transpose(1, 2), out=scores)
    if attention_mask is not None:
        scores.view(batch, heads, tokens, tokens).masked_fill_(~attention_mask, -torch.inf)
    torch.softmax(scores, -1, out=scores)
    mixed = torch.bmm(scores, _stacked(value)).view(batch, heads, tokens, size)
    return mixed.transpose(1, 2).contiguous(), None


def _stacked(tensor: "torch.Tensor") -> "torch.Tensor":
    """(batch, heads, tokens, size) as (batch · heads, tokens, size)."""
    return tensor.reshape(-1, *tensor.shape[2:])


def _memory(numbers: int, dtype: "torch.dtype") -> "torch.Tensor":
    """Memory for so many numbers, the same as in the call before wherever it is enough."""
    import torch

    kept = getattr(_own, "scores", None)
    if kept is None or kept.dtype != dtype or len(kept) < numbers:
        kept = _own.scores = torch.empty(numbers, dtype=dtype)
    return kept[:numbers]
