"""One SQLite connection shared by threads, opened so that readers never block the writer."""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from rag_app.errors import StoreError
from rag_app.index.catalog.tables import CATALOG, Tables

_BUSY_SECONDS = 30
# SQLite refuses statements with more than 32,766 variables.
BATCH = 10_000
# What the disk or another program does to the file; any other code is a bug of ours.
_CIRCUMSTANCES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
}

_CACHE = 32 << 10  # KiB of pages in memory; searches read some hundred rows all over the file


class Database:
    """A file with these tables. Statements of several threads take turns."""

    def __init__(self, path: Path, tables: Tables = CATALOG) -> None:
        self._lock = threading.RLock()
        self._path = path
        self.writable = is_writable(path)
        self._seen: tuple[int, ...] | None = None  # the file as it was when nobody had it open
        try:
            self._connection = self._connected()
            try:
                self._connection.execute(f"PRAGMA cache_size = -{_CACHE}")
                if self.writable:
                    self._connection.executescript(
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                        " PRAGMA foreign_keys = ON;"
                    )
                self._prepare(tables)
            except BaseException:
                self._connection.close()
                raise
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{path} cannot be opened ({error}); check the folder's permissions, or "
                f"{tables.anew.format(folder=path.parent)}"
            ) from error

    def _connected(self) -> sqlite3.Connection:
        """A connection that sees what others write, with or without permission to do so."""
        if self.writable:
            return _connect(self._path)
        waiting = self._waiting()
        if not waiting.exists() or not waiting.stat().st_size:
            # Nobody has it open for writing. SQLite needs to be told so, and we look again.
            self._seen = _look(self._path)
            return _connect(self._path, "immutable=1")
        self._seen = None
        connection = _connect(self._path, "mode=ro")
        try:
            connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.OperationalError as error:
            connection.close()
            raise StoreError(
                f"{self._path} has changes in {waiting.name} that cannot be read without "
                f"permission to write ({error}); have its owner run `rag-app status --index "
                f"{self._path.parent}`, or copy the folder to where you may write"
            ) from error
        return connection

    def _waiting(self) -> Path:
        """Where SQLite keeps changes before they go into the file."""
        return self._path.with_name(f"{self._path.name}-wal")

    def _look_again(self) -> None:
        """Connect anew where a file that nobody was writing has been written to since."""
        waiting = self._waiting()
        written = waiting.exists() and waiting.stat().st_size
        if self._seen is not None and (written or _look(self._path) != self._seen):
            self._connection.close()
            self._connection = self._connected()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of the statement."""
        with self._turn() as connection:
            return connection.execute(statement, values).fetchall()

    def rows_in(
        self, statement: str, values: Iterable[Any], *fixed: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Rows of a statement with `IN ({})`, for any number of values; `fixed` come first."""
        listed = list(values)
        for begin in range(0, len(listed), BATCH):
            batch = listed[begin : begin + BATCH]
            marks = ",".join("?" * len(batch))
            yield from self.rows(statement.format(marks), (*fixed, *batch))

    def run(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Execute a statement that returns nothing."""
        with self._turn() as connection:
            connection.execute(statement, values)

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a statement once for each row of values."""
        with self._turn() as connection:
            connection.executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside take effect together, or none does."""
        with self._turn() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                # A full disk has SQLite roll back by itself.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _turn(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone.

        Raises:
            StoreError: The file is damaged, locked or read-only, or the disk is full.
        """
        with self._lock:
            try:
                self._look_again()
                yield self._connection
            except sqlite3.DatabaseError as error:
                # The low byte is the kind; the rest tells it in more detail.
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _CIRCUMSTANCES:
                    raise
                raise StoreError(
                    f"{self._path} cannot be used ({error}); `rag-app doctor` tells more"
                ) from error

    def _prepare(self, tables: Tables) -> None:
        version = tables.version
        (found,) = self.rows("PRAGMA user_version")[0]
        if found == version or (not self.writable and tables.readable <= found < version):
            return
        if found > version:
            raise StoreError(
                f"{self._path} has version {found}, this program reads {version}; get the newer "
                f"program, or {tables.anew.format(folder=self._path.parent)}"
            )
        with self.transaction():
            # Another process may have created the tables since the look above.
            found = self.rows("PRAGMA user_version")[0][0]
            scripts = [tables.schema]
            if found:
                scripts = [tables.migrations[n] for n in range(found, version)]
            for script in scripts:
                for statement in _statements(script):
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {version}")


def _connect(path: Path, how: str = "") -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _look(path: Path) -> tuple[int, ...]:
    """What changes when the file does."""
    if not path.exists():
        return ()
    found = path.stat()
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def is_writable(path: Path) -> bool:
    """Whether the file and those that SQLite keeps beside it can be written."""
    effective = os.access in os.supports_effective_ids
    there = [each for each in (path, path.parent) if each.exists()]
    return all(os.access(each, os.W_OK, effective_ids=effective) for each in there)


def is_damaged(path: Path) -> bool:
    """Whether SQLite's own check finds the file damaged, and not just closed to us."""
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as connection:
            return connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_newer(path: Path, tables: Tables = CATALOG) -> bool:
    """Whether a later version of the program has written the file."""
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            return bool(version > tables.version)
    except sqlite3.DatabaseError:
        return False


def set_aside(path: Path) -> Path:
    """Give a file that cannot be used, and what SQLite keeps beside it, another name.

    Raises:
        StoreError: The folder does not allow it.
    """
    name, number = f"{path.stem}.damaged-{date.today().isoformat()}", 1
    aside = path.with_name(f"{name}.sqlite")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{name}-{number}.sqlite")
    try:
        for ending in ("-wal", "-shm", ""):
            beside = path.with_name(path.name + ending)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + ending))
    except OSError as error:
        raise StoreError(
            f"{path} cannot be used and not be moved to {aside.name} ({error.strerror}); move it"
        ) from error
    return aside


def _statements(script: str) -> Iterator[str]:
    """The script's statements; `executescript` would commit the open transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
