"""Fine-tuning in the background, with a small program in the place of the real one."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ui.jobs.training_job import TrainingJob

VERDICT = {"better": True, "sureness": 0.99}


class Program:
    """Runs a few lines of Python instead, and remembers what it was to run."""

    def __init__(self, lines: str) -> None:
        self.commands: list[Sequence[str]] = []
        self._lines = lines

    def __call__(self, command: Sequence[str]) -> "subprocess.Popen[str]":
        self.commands.append(command)
        return subprocess.Popen(
            [sys.executable, "-c", self._lines],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def test_the_verdict_is_read(tmp_path: Path) -> None:
    program = Program(f"print({json.dumps(json.dumps(VERDICT))})")
    training = TrainingJob(tmp_path, start=program)
    assert not training.running
    assert training.start("a-model", epochs=2, adopt=True)
    training.wait()
    assert training.verdict == VERDICT
    assert training.error == ""
    (command,) = program.commands
    assert command[command.index("--out") + 1] == str(tmp_path / "models" / "own-1")
    assert command[command.index("--embedder") + 1] == "a-model"
    assert command[-1] == "--adopt"


def test_a_finished_model_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "models" / "own-1").mkdir(parents=True)
    (tmp_path / "models" / "own-1" / "modules.json").write_text("[]")
    program = Program("print('{}')")
    training = TrainingJob(tmp_path, start=program)
    training.start("a-model", epochs=1, adopt=False)
    training.wait()
    (command,) = program.commands
    assert command[command.index("--out") + 1].endswith("own-2")
    assert "--adopt" not in command


def test_an_error_is_told_in_its_last_line(tmp_path: Path) -> None:
    program = Program("import sys; sys.exit('progress\\nerror: too few questions; add more')")
    training = TrainingJob(tmp_path, start=program)
    training.start("a-model", epochs=1, adopt=False)
    training.wait()
    assert training.error == "too few questions; add more"
    assert training.verdict is None


def test_a_run_that_is_stopped_is_no_error_and_is_continued(tmp_path: Path) -> None:
    program = Program("import time; time.sleep(60)")
    training = TrainingJob(tmp_path, start=program)
    assert not training.begun_before
    training.start("a-model", epochs=1, adopt=False)
    assert not training.start("a-model", epochs=1, adopt=False)
    (tmp_path / "models" / "own-1.training").mkdir(parents=True)
    training.stop()
    training.wait()
    assert (training.error, training.verdict) == ("", None)
    assert training.begun_before
