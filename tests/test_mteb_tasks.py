"""Tasks of MTEB as exams, by a stand-in of the package: its data lies on a hub."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from rag_app.errors import ConfigError, DataError
from rag_app.workbench.mteb_tasks import mteb_exam


class Task:
    """What the package gives for a name; its data is there once it is loaded."""

    eval_splits = ("test",)

    def __init__(self, kind: str = "Retrieval", **dataset: Any) -> None:
        self.metadata = SimpleNamespace(type=kind, dataset=dataset)
        self.dataset: dict[str, Any] = {}

    def load_data(self) -> None:
        self.dataset = {
            "default": {
                "test": {
                    "corpus": [
                        {"id": "d1", "title": "Piers", "text": "A pier is old."},
                        {"id": 2, "title": "", "text": "Bread is baked."},
                    ],
                    "queries": [{"id": "q1", "text": "How old?"}, {"id": "q2", "text": "None?"}],
                    "relevant_docs": {"q1": {"d1": 1}},
                }
            }
        }


def install(monkeypatch: pytest.MonkeyPatch, tasks: dict[str, Task]) -> None:
    package = ModuleType("mteb")
    monkeypatch.setattr(package, "get_task", tasks.__getitem__, raising=False)
    monkeypatch.setitem(sys.modules, "mteb", package)


def test_a_task_is_an_exam_of_its_judged_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, {"Piers": Task()})
    held = mteb_exam("Piers")
    assert held.questions == {"q1": "How old?"}
    assert held.corpus == {"d1": "Piers\n\nA pier is old.", "2": "Bread is baked."}
    assert held.relevant == {"q1": {"d1": 1}}


@pytest.mark.parametrize("task", [Task("Clustering"), Task(trust_remote_code=True)])
def test_other_kinds_and_data_that_is_code_are_refused(
    monkeypatch: pytest.MonkeyPatch, task: Task
) -> None:
    install(monkeypatch, {"Odd": task})
    with pytest.raises(DataError, match="no retrieval task of plain data"):
        mteb_exam("Odd")


def test_a_task_that_cannot_be_had_is_told_with_the_other_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, {})
    with pytest.raises(DataError, match=r"cannot be had .*BEIR layout"):
        mteb_exam("None")


def test_without_the_package_the_cure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mteb", None)
    with pytest.raises(ConfigError, match="pip install"):
        mteb_exam("ArguAna")
