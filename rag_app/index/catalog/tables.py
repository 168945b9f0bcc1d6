"""The tables of the catalogue.

`outbox` lists the chunks that lexicon and flat files have yet to add or forget. It is written
in the same transaction as the chunks, so that a crash before they have loses nothing. `behind`
lists those that they have, and a vector store that no question goes to has not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Tables:
    """What a file of SQLite holds.

    Attributes:
        version: Of the schema; a file of a later one is refused.
        schema: What makes the tables; statements end with their line.
        anew: What a person does to begin with a new file in the `{folder}`.
        readable: The oldest version that can be read as it is, where it cannot be written to.
        migrations: What brings an older file up to the next version, by its own.
    """

    version: int
    schema: str
    anew: str
    migrations: Mapping[int, str] = field(default_factory=dict)
    readable: int = 1


_TRIGGERS = """
CREATE TRIGGER chunks_added AFTER INSERT ON chunks BEGIN
    INSERT OR REPLACE INTO outbox VALUES (new.id, 'add');
END;
CREATE TRIGGER chunks_removed AFTER DELETE ON chunks BEGIN
    INSERT OR REPLACE INTO outbox VALUES (old.id, 'forget');
END;
"""

# What a citation calls a document is looked up by name.
_NAMES = """
CREATE INDEX documents_source ON documents (source);
CREATE INDEX documents_given ON documents (given);
"""

# Paths are unique: documents that were called alike are told apart by them.
_TOLD_APART = """
ALTER TABLE documents ADD COLUMN given TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
UPDATE documents SET given = source;
UPDATE documents SET source = path WHERE source IN
    (SELECT source FROM documents GROUP BY source HAVING count(*) > 1);
"""

# Searches ask by id for what stands behind the text in a row, for hundreds of rows at once.
_COVERING = """
CREATE INDEX chunks_covering ON chunks (id, digest, document_id);
"""

_BEHIND = """
CREATE TABLE behind (
    chunk_id TEXT PRIMARY KEY,
    action   TEXT NOT NULL CHECK (action IN ('add', 'forget'))
) WITHOUT ROWID;
"""

_MIGRATIONS = {
    1: """
ALTER TABLE documents ADD COLUMN same_as TEXT REFERENCES documents (id) ON DELETE CASCADE;
CREATE INDEX documents_same_as ON documents (same_as);
""",
    2: """
DROP TRIGGER chunks_added;
DROP TRIGGER chunks_removed;
DROP TABLE lexicon_terms;
DROP TABLE lexicon;
"""
    + _TRIGGERS,
    3: _COVERING,
    4: _TOLD_APART + _NAMES,
    5: "ALTER TABLE chunks ADD COLUMN headings TEXT;\n",
    6: _BEHIND,
}

_SCHEMA = (
    """
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE documents (
    id          TEXT PRIMARY KEY,
    source      TEXT NOT NULL,             -- as given, or the path where several are given alike
    path        TEXT NOT NULL UNIQUE,      -- absolute
    size        INTEGER NOT NULL,          -- bytes
    modified    INTEGER NOT NULL,          -- mtime in nanoseconds
    digest      TEXT NOT NULL,             -- SHA-256 of the bytes
    recipe      TEXT NOT NULL,             -- fingerprint of model and chunker
    status      TEXT NOT NULL CHECK (status IN ('indexed', 'partial', 'skipped', 'failed')),
    reason      TEXT NOT NULL DEFAULT '',
    title       TEXT NOT NULL DEFAULT '',
    text        TEXT NOT NULL DEFAULT '',
    page_starts TEXT NOT NULL DEFAULT '[]',
    metadata    TEXT NOT NULL DEFAULT '{}',
    same_as     TEXT REFERENCES documents (id) ON DELETE CASCADE,  -- the one with the text
    given       TEXT NOT NULL DEFAULT '',  -- path as the user gave it
    stamp       TEXT NOT NULL DEFAULT ''   -- moves with every change of the file; '' is unknown
);
CREATE INDEX documents_digest ON documents (digest);
CREATE INDEX documents_same_as ON documents (same_as);

CREATE TABLE chunks (
    key         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    start       INTEGER NOT NULL,
    "end"       INTEGER NOT NULL,
    page        INTEGER,
    heading     TEXT NOT NULL,
    headings    TEXT,                      -- where they stand; NULL where nobody knows
    tokens      INTEGER NOT NULL,
    name        TEXT NOT NULL,             -- title and file name, for lexical search
    text        TEXT NOT NULL,
    digest      TEXT NOT NULL              -- of the text, the key into vectors
);
CREATE INDEX chunks_document ON chunks (document_id);

CREATE TABLE vectors (
    model  TEXT NOT NULL,
    digest TEXT NOT NULL,
    vector BLOB NOT NULL,                  -- float32, little-endian, length 1
    PRIMARY KEY (model, digest)
) WITHOUT ROWID;

CREATE TABLE outbox (
    chunk_id TEXT PRIMARY KEY,
    action   TEXT NOT NULL CHECK (action IN ('add', 'forget'))
) WITHOUT ROWID;

"""
    + _TRIGGERS
    + _COVERING
    + _NAMES
    + _BEHIND
)

CATALOG = Tables(
    version=7,
    schema=_SCHEMA,
    anew="`rag-app doctor --repair --index {folder}` moves it aside, where it is kept, and the "
    "next `rag-ingest FOLDERS` makes a new one",
    migrations=_MIGRATIONS,
    readable=6,
)
