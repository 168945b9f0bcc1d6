"""The generator on a real, tiny language model, up to a cited answer."""

import json
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from ingest.sync import sync
from rag_app.errors import ModelError
from rag_app.generation.generator import CausalGenerator
from rag_app.generation.prompts import answer_messages, fit
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from rag_app.opening import open_generator
from rag_app.protocols import Message
from rag_app.rag import Rag
from rag_app.schema import Delta, Done
from rag_app.settings.provenance import Settings
from tests.fakes import HashEmbedder, ScriptedGenerator, a_hit
from tests.tiny_model import LEARNT, POSITIONS, save_tiny_model

ASKED: list[Message] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "When does the slipway open?"},
]


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that always says the same sentence; not to be written to."""
    folder = tmp_path_factory.mktemp("models") / "taught"
    save_tiny_model(folder)
    return folder


@pytest.fixture
def generator(taught: Path) -> CausalGenerator:
    return CausalGenerator.open(str(taught), max_new_tokens=40)


@pytest.fixture
def altered(taught: Path, tmp_path: Path) -> Path:
    """A copy of the model's folder that a test may spoil."""
    return copytree(taught, tmp_path / "altered")


def written(generator: CausalGenerator, messages: Sequence[Message] = ASKED) -> str:
    return "".join(generator.stream(messages))


# Writing


def test_the_model_says_what_it_learnt(generator: CausalGenerator) -> None:
    assert written(generator) == LEARNT


def test_words_come_piece_by_piece(generator: CausalGenerator) -> None:
    assert len(list(generator.stream(ASKED))) > 3


def test_neither_the_prompt_nor_special_tokens_are_among_the_words(
    generator: CausalGenerator,
) -> None:
    assert "<|" not in written(generator)
    assert "Be brief" not in written(generator)


def test_greedy_writing_does_not_depend_on_the_seed(taught: Path) -> None:
    texts = {
        written(CausalGenerator.open(str(taught), max_new_tokens=20, seed=seed))
        for seed in (1, 2, 3)
    }
    assert len(texts) == 1


def test_the_same_seed_draws_the_same_words(taught: Path) -> None:
    warm = CausalGenerator.open(str(taught), max_new_tokens=20, temperature=5.0, seed=7)
    assert written(warm) == written(warm)


def test_another_seed_draws_other_words(taught: Path) -> None:
    texts = {
        written(CausalGenerator.open(str(taught), max_new_tokens=20, temperature=5.0, seed=seed))
        for seed in range(3)
    }
    assert len(texts) == 3


def test_writing_ends_at_the_most_new_tokens(taught: Path) -> None:
    short = CausalGenerator.open(str(taught), max_new_tokens=3)
    text = written(short)
    assert LEARNT.startswith(text)
    assert len(text) < len(LEARNT)


# Stopping


def test_closing_the_iterator_ends_the_model(taught: Path) -> None:
    endless = CausalGenerator.open(str(taught), max_new_tokens=1500, temperature=50.0)
    list(CausalGenerator.open(str(taught), max_new_tokens=1).stream(ASKED))  # all is loaded
    idle = threading.active_count()
    stream = endless.stream(ASKED)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert threading.active_count() == idle


def test_after_a_stop_the_next_answer_is_whole(generator: CausalGenerator) -> None:
    stream = generator.stream(ASKED)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert written(generator) == LEARNT


def test_two_threads_get_one_whole_answer_each(generator: CausalGenerator) -> None:
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(written(generator))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == [LEARNT, LEARNT]


# Budget


def test_tokens_are_those_of_the_templated_prompt(generator: CausalGenerator) -> None:
    longer = [*ASKED, {"role": "assistant", "content": "x"}]
    # The role, the letter and the end of the turn.
    assert generator.count(longer) == generator.count(ASKED) + 3  # type: ignore[arg-type]


def test_the_budget_leaves_room_for_the_answer(taught: Path) -> None:
    generator = CausalGenerator.open(str(taught), max_new_tokens=500)
    assert generator.prompt_tokens == POSITIONS - 500


def test_an_answer_longer_than_the_context_leaves_no_budget(taught: Path) -> None:
    assert CausalGenerator.open(str(taught), max_new_tokens=9_999).prompt_tokens == 1


def test_counting_loads_no_weights(
    generator: CausalGenerator, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="rag_app"):
        generator.count(ASKED)
    assert "loaded" not in caplog.text


def test_all_sources_that_fit_are_kept() -> None:
    hits = [a_hit(f"Source {n}.", source=f"{n}.md", rank=n) for n in (1, 2, 3)]
    messages, kept = fit("Why?", hits, count=ScriptedGenerator("").count, budget=10_000)
    assert kept == 3
    assert messages == answer_messages("Why?", hits)


def test_the_worst_sources_are_left_out_first() -> None:
    hits = [a_hit("word " * 50, source=f"{n}.md", rank=n) for n in (1, 2, 3)]
    count = ScriptedGenerator("").count
    budget = count(answer_messages("Why?", hits[:2]))
    messages, kept = fit("Why?", hits, count=count, budget=budget)
    assert kept == 2
    assert "3.md" not in messages[1]["content"]


def test_no_source_is_kept_where_none_fits() -> None:
    assert fit("Why?", [a_hit("text")], count=ScriptedGenerator("").count, budget=3) == ([], 0)


def test_the_question_and_every_number_stand_in_the_prompt() -> None:
    hits = [a_hit("First."), a_hit("Second.", source="b.md", rank=2)]
    content = answer_messages("When is it?", hits)[1]["content"]
    assert [mark in content for mark in ("[1] notes.md", "[2] b.md", "When is it?")] == [True] * 3


# Templates


def rewrite_template(folder: Path, template: str | None) -> None:
    (folder / "chat_template.jinja").unlink()
    if template is not None:
        (folder / "chat_template.jinja").write_text(template)


def test_a_model_without_chat_template_is_refused(altered: Path) -> None:
    rewrite_template(altered, None)
    with pytest.raises(ModelError, match="no chat template; use an instruct model"):
        CausalGenerator.open(str(altered)).count(ASKED)


def test_a_template_that_refuses_system_messages_gets_the_rules_with_the_question(
    altered: Path,
) -> None:
    template = (altered / "chat_template.jinja").read_text()
    refusal = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    rewrite_template(altered, refusal + template)
    generator = CausalGenerator.open(str(altered), max_new_tokens=40)
    assert written(generator) == LEARNT


# Errors


FAMILIES = {
    "chatml (Qwen, SmolLM)": (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
    "Llama 3": (
        "{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
        "{{ m.content | trim }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>{% endif %}"
    ),
    "Phi 3": (
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    ),
    "Gemma": (
        "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}"
        "{% endif %}{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content | trim }}"
        "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
    ),
    "Mistral": (
        "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
        "[INST] {{ m.content }} [/INST]{% endfor %}"
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_templates_of_the_common_families_get_rules_sources_and_question(
    altered: Path, family: str
) -> None:
    rewrite_template(altered, FAMILIES[family])
    generator = CausalGenerator.open(str(altered))
    messages = answer_messages("When does it open?", [a_hit("It opens at eight.")])
    prompt = generator._tokenizer.decode(generator._prompt(messages)["input_ids"][0])
    assert all(message["content"].strip() in prompt for message in messages)


def test_weights_of_a_byte_say_the_same(taught: Path) -> None:
    pytest.importorskip("torchao")
    generator = CausalGenerator.open(str(taught), precision="int8")
    assert "".join(generator.stream(ASKED)) == LEARNT


def test_weights_of_a_byte_need_a_package(taught: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchao.quantization", None)
    generator = CausalGenerator.open(str(taught), precision="int8")
    with pytest.raises(ModelError, match=r"rag-app\[quantised\]"):
        list(generator.stream(ASKED))


def test_a_missing_model_is_answered_with_the_command_that_gets_it() -> None:
    with pytest.raises(ModelError, match="rag-app models pull nobody/nothing"):
        CausalGenerator.open("nobody/nothing")


def test_weights_that_are_no_safetensors_are_refused(altered: Path) -> None:
    (altered / "model.safetensors").rename(altered / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"holds no \.safetensors weights"):
        CausalGenerator.open(str(altered))


def test_damaged_weights_are_reported_by_folder(altered: Path) -> None:
    (altered / "model.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(ModelError, match="altered cannot be loaded"):
        written(CausalGenerator.open(str(altered)))


def test_a_config_of_no_known_kind_is_reported_by_folder(altered: Path) -> None:
    (altered / "config.json").write_text(json.dumps({"model_type": "unheard-of"}))
    with pytest.raises(ModelError, match="altered cannot be loaded"):
        _ = CausalGenerator.open(str(altered)).prompt_tokens


def test_a_model_that_fails_while_writing_is_named(taught: Path) -> None:
    generator = CausalGenerator.open(str(taught), temperature=-1.0)
    with pytest.raises(ModelError, match="failed while writing"):
        written(generator)


def test_the_settings_decide_whether_a_model_is_opened(taught: Path) -> None:
    given = Settings(generator=str(taught), answer="auto")
    assert open_generator(given) is not None
    assert open_generator(replace(given, answer="read")) is None
    assert open_generator(replace(given, generator="nobody/nothing")) is None


def test_a_demanded_model_must_be_there() -> None:
    with pytest.raises(ModelError, match="models pull"):
        open_generator(Settings(generator="nobody/nothing", answer="generate"))


# End to end


@pytest.fixture
def slipway(taught: Path, tmp_path: Path) -> Iterator[Rag]:
    """Two notes in an index, one of which says what the model has learnt."""
    (tmp_path / "slipway.md").write_text(f"{LEARNT} Boats are washed on Sunday.")
    (tmp_path / "paint.md").write_text("Paint dries overnight when the shed is heated.")
    embedder = HashEmbedder()
    index = Index.open(tmp_path / "index", embedder=embedder)
    sync([tmp_path / "slipway.md", tmp_path / "paint.md"], index, embedder=embedder)
    rag = Rag.assemble(
        index,
        embedder,
        settings=Settings(index=index.folder, min_confidence=0.0),
        generator=CausalGenerator.open(str(taught), max_new_tokens=40),
    )
    yield rag
    rag.close()


def test_a_written_sentence_is_tied_to_the_document(slipway: Rag) -> None:
    answer = slipway.ask("When does the slipway open?")
    assert answer.mode == "generate"
    assert answer.citations[0].quote == LEARNT
    assert answer.text == f"{LEARNT} [1]"


def test_words_that_no_document_supports_are_replaced_by_quotes(slipway: Rag) -> None:
    answer = slipway.ask("How long does paint dry?", k=1)
    assert answer.mode == "read"
    assert "quoting instead" in answer.note
    assert answer.citations[0].quote.startswith("Paint dries overnight")


def test_the_samples_are_answered_whatever_the_model_writes(
    samples_index: Path, minilm: SentenceEmbedder, taught: Path
) -> None:
    rag = Rag.assemble(
        Index.open(samples_index, embedder=minilm),
        minilm,
        settings=Settings(index=samples_index),
        generator=CausalGenerator.open(str(taught), max_new_tokens=40),
    )
    answer = rag.ask("How much does a full membership cost per year?")
    rag.close()
    assert answer.mode == "read"
    assert "quoting instead" in answer.note


def test_the_stream_brings_the_draft_and_then_the_checked_answer(slipway: Rag) -> None:
    events = list(slipway.stream("When does the slipway open?"))
    assert "".join(event.text for event in events if isinstance(event, Delta)) == LEARNT
    assert isinstance(events[-1], Done)


def test_leaving_a_stream_early_leaves_the_next_answer_whole(slipway: Rag) -> None:
    events = slipway.stream("When does the slipway open?")
    while not isinstance(next(events), Delta):
        pass
    events.close()  # type: ignore[attr-defined]
    assert slipway.ask("When does the slipway open?").mode == "generate"
