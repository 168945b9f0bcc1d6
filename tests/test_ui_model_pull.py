"""Getting a model in the background: from a small hub, and with other programs in its place."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.hub_server import MODEL, hub
from tests.test_ui_training import Program
from ui.jobs.model_pull import ModelPull

FILES = {
    "config.json": b'{"architectures": ["LlamaForCausalLM"]}',
    "model.safetensors": b"0" * 300_000,
    "README.md": b"# Something",
    "code.py": b"raise SystemExit",
    "pytorch_model.bin": b"a pickle",
}
WANTED = len(FILES["config.json"]) + len(FILES["model.safetensors"])


def with_hub(command: Sequence[str], *, url: str, home: Path) -> "subprocess.Popen[str]":
    """The command itself, with another hub and another cache."""
    return subprocess.Popen(
        [sys.executable, "-m", "rag_app.cli", *command],
        env=os.environ | {"HF_ENDPOINT": url, "HF_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_model_is_fetched_without_code_and_pickles_and_then_found(tmp_path: Path) -> None:
    with hub(FILES) as server:
        run = partial(with_hub, url=server.url, home=tmp_path)
        pulling = ModelPull(start=run)
        assert pulling.start(MODEL)
        pulling.wait()
        listed, _ = run(["models", "list", "--json"]).communicate()
    assert (pulling.here, pulling.error) == (True, "")
    assert (pulling.done, pulling.total) == (WANTED, WANTED)
    (found,) = [model for model in json.loads(listed) if model["name"] == MODEL]
    assert (found["kind"], found["size"]) == ("language", WANTED)
    names = {path.name for path in Path(found["folder"]).iterdir()}
    assert names == {"config.json", "model.safetensors"}


def test_a_hub_that_cannot_be_reached_is_one_line(tmp_path: Path) -> None:
    pulling = ModelPull(start=partial(with_hub, url="http://127.0.0.1:9", home=tmp_path))
    pulling.start(MODEL)
    pulling.wait()
    assert not pulling.here
    assert "no hub can be reached" in pulling.error
    assert pulling.error.endswith("pull it again when there is a network")


def test_what_is_wrong_is_told_in_its_last_line() -> None:
    pulling = ModelPull(start=Program("import sys; sys.exit('a warning\\nerror: no such model')"))
    pulling.start("nobody/nothing")
    pulling.wait()
    assert (pulling.error, pulling.here) == ("no such model", False)


def test_a_run_is_cancelled_and_another_can_begin() -> None:
    lines = 'import sys, time; print(\'{"done": 1, "total": 2}\', file=sys.stderr, flush=True)'
    pulling = ModelPull(start=Program(f"{lines}; time.sleep(60)"))
    assert pulling.start("somebody/something")
    assert not pulling.start("somebody/else")
    while not pulling.total:
        assert pulling.running
    pulling.cancel()
    pulling.wait()
    assert (pulling.cancelled, pulling.error, pulling.here) == (True, "", False)
    assert (pulling.name, pulling.done, pulling.total) == ("somebody/something", 1, 2)
    assert pulling.start("somebody/else")
    assert not pulling.cancelled
    pulling.cancel()
    pulling.wait()


def test_a_name_is_never_an_option() -> None:
    program = Program("")
    pulling = ModelPull(start=program)
    pulling.start("--index=/")
    pulling.wait()
    assert program.commands == [["models", "--json", "pull", "--", "--index=/"]]
