"""A question set made from the documents, for those who have none of their own.

Its questions are easier than people's, as they repeat words of the sentence that answers,
and each has an answer: of refusals it says nothing.
"""

from rag_app.errors import DataError
from rag_app.evaluation.questions import Place, Question
from rag_app.index.index import Index
from rag_app.workbench.made_questions import made_of_index

_FEWEST = 5


def questions_of_documents(index: Index, *, count: int, seed: int = 0) -> list[Question]:
    """At most so many questions, the same ones every time.

    Raises:
        DataError: The documents give too few.
    """
    made = made_of_index(index, count, seed=seed)
    if len(made) < min(_FEWEST, count):
        raise DataError("too few questions could be made from the documents; add more")
    return [
        Question(
            one.text,
            id=str(number),
            answers=(one.answer,),
            places=(Place(one.source, one.start, one.end),),
            answerable=True,
        )
        for number, one in enumerate(made, start=1)
    ]
