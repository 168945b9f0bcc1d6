"""Language models of a server or a provider, by name.

`provider:model` names any model that LangChain's `init_chat_model` knows (`ollama:qwen3`,
`anthropic:…`); a URL beside the name is a server that speaks OpenAI's protocol, as Ollama,
vLLM and llama.cpp do. The question and the passages that were found are sent there.
"""

import logging
import os
from typing import Any
from urllib.parse import urlsplit

from rag_app.connections import bypass_proxy_for_loopback, client
from rag_app.errors import ModelError, first_line
from rag_app.protocols import Generator
from rag_app.settings.values import OF_PROVIDER

_logger = logging.getLogger(__name__)
_HOSTS_HERE = {"localhost", "127.0.0.1", "::1"}
_PROVIDERS_HERE = {"ollama", "llamacpp"}
# They would bring any model of a hub onto this machine, in any format.
_NOT_SERVED = {"huggingface"}
_MOST_BYTES = 1 << 20  # of an answer, besides those of its tokens
_BYTES_A_TOKEN = 1 << 12  # each comes in a message of its own
_NO_KEY = "none"  # servers on one's own machine ask for none, but the client does


def is_served(name: str, url: str = "") -> bool:
    """Whether the name means a model of a server or a provider, not one in a folder."""
    return bool(url) or OF_PROVIDER.match(name) is not None


def open_served_model(
    name: str,
    *,
    url: str,
    context: int,
    seconds: float,
    max_new_tokens: int,
    temperature: float,
    seed: int,
) -> Generator:
    """The model of that name; nothing is sent yet.

    Args:
        name: `provider:model`, or a model of the server at `url`.
        url: Where the server speaks OpenAI's protocol, such as `http://127.0.0.1:11434/v1`.
        context: Tokens of prompt and answer that the model was started with.
        seconds: What an answer may take.
        max_new_tokens: Longest answer.
        temperature: See `Settings`.
        seed: The same; sent to servers at a URL alone, as not all providers know it.

    Raises:
        ModelError: The package for the provider is not installed, the name is unknown, or means
            a hub.
    """
    from langchain.chat_models import init_chat_model

    from rag_app.langchain_adapter import LangChainGenerator

    options: dict[str, Any] = {"temperature": temperature, "max_tokens": max_new_tokens}
    options["timeout"] = seconds
    if url:
        options |= {
            "model_provider": "openai",
            "base_url": url,
            # An address of an index is here only where the user has allowed it.
            "api_key": os.environ.get("OPENAI_API_KEY", _NO_KEY),
            "seed": seed,
            "max_retries": 0,
        }
    if url or name.startswith("openai:"):
        most = _MOST_BYTES + _BYTES_A_TOKEN * max_new_tokens
        options["http_client"] = client(seconds=seconds, most=most)
    if (where := elsewhere(name, url)) is not None:
        _logger.warning("questions and the passages found for them are sent to %s", where)
    refuse_hub(name)
    bypass_proxy_for_loopback()
    try:
        model = init_chat_model(name, **options)
    except Exception as error:
        raise ModelError(f"{name} cannot be used: {first_line(error)}") from error
    return LangChainGenerator(
        model,
        name=name,
        prompt_tokens=max(1, context - max_new_tokens),
        max_new_tokens=max_new_tokens,
        seconds=seconds,
        says_end=bool(url),
    )


def refuse_hub(name: str) -> None:
    """Does nothing where `provider:model` is served, and not fetched from a hub.

    Raises:
        ModelError: It would be fetched.
    """
    provider, _, model = name.partition(":")
    if provider in _NOT_SERVED:
        raise ModelError(f"{name} is no provider's; name the model alone: {model}")


def elsewhere(name: str, url: str = "") -> str | None:
    """Who gets to see what a served model is given, where that is not this machine."""
    if url:
        host = urlsplit(url).hostname or url
        return None if host in _HOSTS_HERE else host
    provider = name.partition(":")[0]
    return None if provider in _PROVIDERS_HERE else provider
