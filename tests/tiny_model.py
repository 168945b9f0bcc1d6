"""A causal language model small enough to be made, and taught one sentence, in a test run."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

# No word twice: each token tells the next, which the model learns in a second.
LEARNT = "The slipway opens at eight every morning."
POSITIONS = 2048
_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_SPECIAL = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
_STEPS = 40


def save_tiny_model(folder: Path) -> None:
    """A Llama of two narrow layers, with its tokenizer, that always says the learnt sentence."""
    tokenizer = _tokenizer()
    model = _model(len(tokenizer), end=tokenizer.eos_token_id)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # nothing here is worth sharing
    _teach(model, tokenizer)
    torch.set_num_threads(threads)
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)


def _tokenizer() -> PreTrainedTokenizerFast:
    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=_SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bare.train_from_iterator([LEARNT], trainer)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=bare,
        eos_token="<|end|>",
        pad_token="<|end|>",
        chat_template=_TEMPLATE,
    )


def _model(vocabulary: int, *, end: int) -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=POSITIONS,
            bos_token_id=None,
            eos_token_id=end,
            pad_token_id=end,
        )
    )


def _teach(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    """Whatever stands before the assistant's turn, the learnt sentence follows."""
    turn = tokenizer.encode(f"<|end|><|assistant|>{LEARNT}<|end|>")
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(_STEPS):
        prompts = torch.randint(len(_SPECIAL), len(tokenizer), (4, int(torch.randint(8, 64, ()))))
        answers = torch.tensor(turn).expand(4, -1)
        labels = torch.cat([torch.full_like(prompts, -100), answers], dim=1)
        loss = model(input_ids=torch.cat([prompts, answers], dim=1), labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()  # type: ignore[no-untyped-call]
