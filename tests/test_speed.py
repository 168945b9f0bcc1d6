"""Batch size and device: what is measured, what is advised, and that vectors stay the same."""

import json
from pathlib import Path
from shutil import copyfile

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from rag_app.cli import main
from rag_app.errors import ConfigError
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.encoders import BertEncoder, Computation, TorchEncoder, open_encoder, uses_gpu
from rag_app.models.model_files import BUNDLED_EMBEDDER, find_model
from rag_app.opening import open_embedder
from rag_app.schema import Device
from rag_app.settings.provenance import Settings
from rag_app.workbench.speed import Speed, advice, measure_speed

TEXTS = ["one", "Skiffs lie at berth seven.", "the end of it " * 40, "a longer text " * 200]


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


# Vectors


@pytest.mark.parametrize("batch", [1, 200, 100_000])
def test_vectors_are_the_same_whatever_the_batch(minilm: SentenceEmbedder, batch: int) -> None:
    settings = Settings(embedder=BUNDLED_EMBEDDER, embedder_batch=batch)
    others = open_embedder(settings).embed(TEXTS)
    # bfloat16, where the processor has it, moves them a little.
    assert (others * minilm.embed(TEXTS)).sum(axis=1).min() > 0.999


def test_torch_gives_the_same_vectors_whatever_the_batch() -> None:
    encoder = TorchEncoder(find_model(BUNDLED_EMBEDDER), Computation(512))
    one = encoder.encode(TEXTS, "passage")
    encoder.batch = 1
    other = encoder.encode(TEXTS, "passage")
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    assert ((one * other).sum(axis=1) / lengths).min() > 0.999


def test_neither_batch_nor_device_makes_a_model_another_one(minilm: SentenceEmbedder) -> None:
    settings = Settings(embedder=BUNDLED_EMBEDDER, embedder_batch=7, device="cpu")
    assert open_embedder(settings).fingerprint == minilm.fingerprint


def test_the_setting_reaches_what_computes() -> None:
    how = Computation(512, batch=77, device="cpu")
    encoder = open_encoder(find_model(BUNDLED_EMBEDDER), how)
    assert isinstance(encoder, BertEncoder)
    assert encoder.batch == 77


# Devices


@pytest.mark.parametrize(("device", "gpu"), [("auto", True), ("cuda", True), ("cpu", False)])
def test_a_gpu_is_used_unless_the_processor_is_asked_for(
    a_gpu: None, device: Device, gpu: bool
) -> None:
    assert uses_gpu(device) is gpu


def test_without_a_gpu_the_processor_computes(no_gpu: None) -> None:
    assert uses_gpu("auto") is False


def test_a_gpu_that_is_not_there_is_told(no_gpu: None) -> None:
    embedder = SentenceEmbedder.open(BUNDLED_EMBEDDER, device="cuda")
    with pytest.raises(ConfigError, match="finds no GPU; use auto or cpu"):
        embedder.embed(["a text"])


@pytest.mark.parametrize("wrong", [{"device": "tpu"}, {"embedder_batch": -1}])
def test_a_wrong_setting_is_refused(wrong: dict[str, str | int]) -> None:
    with pytest.raises(ConfigError, match="is out of range"):
        Settings(**wrong)  # type: ignore[arg-type]


# Measuring


def test_every_way_is_measured_and_one_is_the_default(no_gpu: None) -> None:
    speeds = measure_speed(BUNDLED_EMBEDDER, TEXTS[:2])
    assert [speed.batch for speed in speeds] == [256, 512, 1_024, 2_048, 4_096]
    assert [speed.batch for speed in speeds if speed.default] == [1_024]
    assert all(len(speed.runs) == 3 and speed.rate > 0 for speed in speeds)


def test_a_model_that_computes_nothing_has_one_way(tmp_path: Path) -> None:
    copyfile(find_model(BUNDLED_EMBEDDER) / "tokenizer.json", tmp_path / "tokenizer.json")
    kind = {"type": "sentence_transformers.models.StaticEmbedding", "path": ""}
    (tmp_path / "modules.json").write_text(json.dumps([kind]))
    weights = {"embedding.weight": np.ones((30_522, 8), np.float32)}
    save_file(weights, tmp_path / "model.safetensors")
    (speed,) = measure_speed(str(tmp_path), TEXTS)
    assert (speed.batch, speed.default) == (0, True)
    assert advice([speed]) == {}


DEFAULT = Speed("cpu", 1_024, True, (10, 10, 10))


@pytest.mark.parametrize(
    ("other", "advised"),
    [
        (Speed("cpu", 512, False, (12, 11, 12)), {"embedder_batch": 512}),
        (Speed("cuda", 512, False, (12, 11, 12)), {"embedder_batch": 512, "device": "cuda"}),
        (Speed("cpu", 512, False, (10.3, 10.4, 10.4)), {}),
        (Speed("cpu", 512, False, (9, 15, 15)), {}),
        (Speed("cpu", 512, False, (8, 8, 8)), {}),
    ],
)
def test_only_what_is_surely_faster_is_advised(other: Speed, advised: dict[str, str | int]) -> None:
    assert advice([DEFAULT, other]) == advised


# The command


def test_the_command_measures_chunks_of_the_index(
    samples_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["embed", "speed", "--index", str(samples_index), "--texts", "2"]
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["texts"] == 2
    assert {way["batch"] for way in told["ways"]} >= {256, 1_024}
    assert all(way["rate"] > 0 for way in told["ways"])


def test_without_an_index_sentences_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["embed", "speed", BUNDLED_EMBEDDER, "--texts", "3"]) == 0
    shown = capsys.readouterr().out
    assert "3 English sentences, as there is no index" in shown
    assert "default" in shown


def test_a_providers_model_has_no_speed_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["embed", "speed", "openai:text-embedding-3-small"]) == 1
    assert "is computed by its provider" in capsys.readouterr().err
