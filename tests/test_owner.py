"""The commands on an environment where another distribution brought an `ingest` or `ui`."""

import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from rag_app import owner
from rag_app.errors import ConfigError
from tests.conftest import ROOT
from ui.jobs.processes import start_command

OURS = ("rag_app", "ingest", "ui")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with our packages, as an installer would leave it."""
    site = tmp_path / "site"
    for package in OURS:
        shutil.copytree(
            ROOT / package, site / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    record(site, "rag-app", [path for path in site.rglob("*") if path.is_file()])
    return site


def record(site: Path, name: str, files: list[Path]) -> None:
    """Write what an installer writes about a distribution."""
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    rows = [f"{file.relative_to(site).as_posix()},sha256={digest(file)}," for file in files]
    (info / "RECORD").write_text("\n".join(rows), encoding="utf-8")


def digest(file: Path) -> str:
    return urlsafe_b64encode(sha256(file.read_bytes()).digest()).rstrip(b"=").decode()


def install_other(site: Path, *, package: str) -> None:
    """A distribution whose package has the name of ours."""
    module = site / package / "__init__.py"
    module.parent.mkdir(parents=True, exist_ok=True)
    module.write_text("SOMETHING_ELSE = True\n")
    record(site, "other-tool", [module])


def run(module: str, *arguments: str, path: Path) -> "subprocess.CompletedProcess[str]":
    # Not in the checkout, whose packages would be found first.
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=path.parent,
        env={"PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(("module", "argument"), [("ui.launch", "--verbose"), ("ingest", ".")])
@pytest.mark.parametrize("package", ["ui", "ingest"])
def test_a_package_installed_over_ours_is_named(
    installed: Path, module: str, argument: str, package: str
) -> None:
    install_other(installed, package=package)
    result = run(module, argument, path=installed)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: `{package}` in {installed / package} comes from")
    assert "`pip uninstall other-tool`" in result.stderr
    assert result.stderr.count("\n") == 1


def test_ours_installed_over_another_is_fine(installed: Path) -> None:
    ours = (installed / "ui" / "__init__.py").read_bytes()
    install_other(installed, package="ui")
    (installed / "ui" / "__init__.py").write_bytes(ours)
    assert check(installed).returncode == 0


def test_a_package_that_is_found_before_ours_is_named(installed: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    install_other(before, package="ingest")
    result = check(before, installed)
    assert f"`ingest` in {before / 'ingest'} comes from other-tool" in result.stderr


def test_a_folder_that_hides_ours_is_named(installed: Path, tmp_path: Path) -> None:
    hiding = tmp_path / "hiding" / "ui"
    hiding.mkdir(parents=True)
    (hiding / "__init__.py").touch()
    result = check(hiding.parent, installed)
    assert f"`ui` is {hiding}, not {installed / 'ui'}" in result.stderr


def check(*paths: Path) -> "subprocess.CompletedProcess[str]":
    code = f"import sys; sys.path[:0] = {list(map(str, paths))}\n"
    code += "from rag_app.owner import check_owners; check_owners()"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=paths[0].parent, capture_output=True, text=True
    )


def test_another_system_is_told_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "os", SimpleNamespace(name="nt"))
    with pytest.raises(ConfigError, match="on Windows, use WSL"):
        owner.check_owners()


# The folder that a command is started in


IMPORTED_LATE = ("torch", "numpy", "json", "random", "tempfile", "rag_app", "streamlit", "lxml")


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """A folder with files that are called like modules, and leave a mark where they are run."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    for name in IMPORTED_LATE:
        mark = f"import pathlib; pathlib.Path({str(folder / 'run')!r}).touch()\n"
        (folder / f"{name}.py").write_text(mark)
    return folder


def test_what_the_pages_start_runs_nothing_of_the_current_folder(
    downloads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(downloads)
    told, complaints = start_command(["--version"]).communicate(timeout=60)
    assert (told.startswith("rag-app "), complaints) == (True, "")
    assert not (downloads / "run").exists()


def test_a_command_imports_nothing_from_the_current_folder_once_it_runs(downloads: Path) -> None:
    code = f"""
import argparse, sys
sys.path.append({str(ROOT)!r})
here = sys.path.pop(0)
from rag_app.cli import guarded
sys.path.insert(0, here)
for name in {IMPORTED_LATE!r}:
    sys.modules.pop(name, None)

def command():
    import random, subprocess, tempfile
    # As Python starts what watches over shared memory, or a pool.
    return subprocess.run([sys.executable, "-c", "import random, tempfile"]).returncode

sys.exit(guarded(command, verbose=False))
"""
    script = downloads / "started.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "started"], cwd=downloads, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert not (downloads / "run").exists()


def test_ingestion_as_a_module_runs_nothing_of_the_current_folder(downloads: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ingest", "--help"],
        cwd=downloads,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (downloads / "run").exists()
