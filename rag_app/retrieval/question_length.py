"""How long a question may be, wherever one is asked: a limit on the time and memory it takes.

The embedding model sees the first 512 tokens, some 2,000 characters of English. The longest
questions of public evaluation sets are whole paragraphs, below 8,000, and one of that length
takes not much longer than a short one.
"""

from rag_app.errors import ConfigError

LONGEST_QUESTION = 8_000  # characters


def check_question(*questions: str) -> None:
    """Does nothing where all are short enough.

    Raises:
        ConfigError: One is too long.
    """
    for question in questions:
        if len(question) > LONGEST_QUESTION:
            raise ConfigError(
                f"a question of {len(question):,} characters is too long; ask in at most "
                f"{LONGEST_QUESTION:,}, and add a longer text as a document"
            )
