"""Commands that ask the index: `search`, `explain`, `ask`."""

import argparse
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rag_app.commands.common import of_an_index, print_json
from rag_app.errors import ConfigError
from rag_app.retrieval.question_length import check_question
from rag_app.text.printable import show, show_text
from rag_app.text.surrogates import loads

if TYPE_CHECKING:
    from rag_app.rag import Rag


def search(arguments: argparse.Namespace) -> int:
    """Show the chunks that fit best."""
    from rag_app.commands.rendering import (
        retrieval_json,
        retrieval_text,
        sections_json,
        sections_text,
    )
    from rag_app.rag import Rag

    questions = _questions(arguments)
    where = dict(arguments.where)
    with closing(Rag.open(settings=of_an_index(arguments, answer="read"))) as rag:
        for row in questions:
            found = rag.retriever.retrieve(row["question"], k=arguments.k, where=where)
            around = rag.retriever.sections(found.hits) if arguments.sections else []
            if arguments.json or arguments.batch:
                told = sections_json(found, around) if around else retrieval_json(found)
                print_json(_with_id(row, told))
            else:
                show_text(sections_text(around) if around else retrieval_text(found))
    return 0


def explain_search(arguments: argparse.Namespace) -> int:
    """Show why a question finds what it finds."""
    from rag_app.rag import Rag
    from rag_app.retrieval.explain import explain, explanation_text

    with closing(Rag.open(settings=of_an_index(arguments, answer="read"))) as rag:
        found = explain(
            arguments.question,
            rag.retriever,
            rag.index,
            k=arguments.k or 10,
            where=dict(arguments.where),
            source=arguments.source,
        )
    if arguments.json:
        print_json(asdict(found))
    else:
        show_text(explanation_text(found))
    return 0


def ask(arguments: argparse.Namespace) -> int:
    """Answer with citations."""
    from rag_app.commands.rendering import answer_json, answer_text
    from rag_app.history.export import write_records
    from rag_app.history.record import records_of

    questions = _questions(arguments)
    where = dict(arguments.where)
    answers = []
    with closing(_open_for_answers(arguments)) as rag:
        for row in questions:
            history = row.get("history", ())
            answer = rag.ask(row["question"], k=arguments.k, where=where, history=history)
            if arguments.json or arguments.batch:
                print_json(_with_id(row, answer_json(answer)))
            else:
                show_text(answer_text(answer))
            answers.append(answer)
        if arguments.export:
            write_records(records_of(answers, rag.index.catalog), arguments.export)
    return 0


def recheck_file(arguments: argparse.Namespace) -> int:
    """Say which quotes of an exported file still stand; 1 where one does not."""
    from rag_app.history.recheck import MEANING, recheck
    from rag_app.history.record import read_records
    from rag_app.index.catalog.catalog import Catalog
    from rag_app.text.printable import shorten, where

    records = read_records(arguments.file)
    with closing(Catalog(of_an_index(arguments).index)) as catalog:
        checked = list(recheck(records, catalog))
    if arguments.json:
        rows = [{**asdict(each), "holds": each.holds} for each in checked]
        print_json({"quotes": rows, "holds": all(each.holds for each in checked)})
    else:
        for each in checked:
            said = " ".join(each.quote.quote.split())
            place = where(each.quote.source, each.quote.page)
            show(f"{each.verdict}: [{each.quote.number}] {place}: “{shorten(said)}”")
        for verdict in dict.fromkeys(each.verdict for each in checked):
            show(f"{verdict}: {MEANING[verdict]}", error=True)
    return 0 if all(each.holds for each in checked) else 1


def _open_for_answers(arguments: argparse.Namespace) -> "Rag":
    from rag_app.rag import Rag

    if arguments.generator == "read":
        return Rag.open(settings=of_an_index(arguments, answer="read"))
    demanded = "generate" if arguments.generator else None
    settings = of_an_index(
        arguments,
        generator=arguments.generator,
        answer=demanded,
        strict=arguments.strict or None,
    )
    return Rag.open(settings=settings)


def _questions(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The question of the command line, or those of a batch file, in its order."""
    if arguments.batch is None:
        return [{"question": arguments.question}]
    try:
        lines = arguments.batch.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise ConfigError(f"{arguments.batch}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{arguments.batch}: not UTF-8 at byte {error.start}") from error
    questions = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = loads(line)
            asked, history = str(row["question"]), [*map(str, row.get("history") or ())]
            check_question(asked, *history)
            questions.append({**row, "question": asked, "history": history})
        except ConfigError as error:
            raise ConfigError(f"{arguments.batch}, line {number}: {error}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f'{arguments.batch}, line {number}: not {{"id": …, "question": …}}'
            ) from error
    return questions


def _with_id(row: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], **result} if "id" in row else result
