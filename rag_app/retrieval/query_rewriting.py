"""Query rewriting: a question that stands alone, from one that leans on the turns before it.

What can stand alone is searched word for word: words of another topic would drag the search
away. A question leans where it names too little to be about something (a pronoun without its
noun, a piece of a sentence, nothing but words that measure). Rules for English, fewer for German.
"""

import re
from collections.abc import Sequence

from rag_app.retrieval.question_length import LONGEST_QUESTION
from rag_app.text.terms import STOP_WORDS, stem_words, words

_MOST_CARRIED = 8  # words taken over from earlier turns
_FEW = 2  # words about something, up to which a pronoun or a piece of a sentence leans
_OPENED = 4  # the same of a question that begins with "and"

# Words that ask, measure, order or could be said of anything; none is what a question is about.
_ABOUT_NOTHING = STOP_WORDS | frozenset(
    """
    actually added afterwards age ago ahead allow allowed already always amount answer anybody
    apply ask asked away back bad best better big bit bring brought call called came capacity case
    cases cause change changed charge charges choose chosen color colour come comes correct cost
    costs count cover covered day days deadline decide decided decides deposit depth detail
    details difference different discount drop dropped duration earlier early easy eight either
    eleven end ends exactly example exception far fast fee fees find fine fit fits five four full
    gave getting give goes going good got guarantee happen happened happens hard heavy height help
    hold holds hour hours important include included keep kept kind know large last late later
    latest latter least leave led left length less limit little long longer longest look lot made
    main make makes matter maximum mean means meant mind minimum minutes moment month months name
    need needed needs new newer newest next nine nothing number numbers often ok okay old older
    oldest opposite option order others paid part pay penalty people percent person place possible
    previous price prices put question quick ran read really reason refund rest right ring rule
    rules run runs said say says second seconds send sent set seven short show similar since six
    size small someone sometimes soon sort speed start starting starts stay still stop stopped
    surcharge sure take taken takes ten thing things third three till time times today told
    tomorrow tonight took total tried try trying twelve twenty twice two type use used uses usual
    usually want wanted way week weeks weight well went width work works worse wrong year years
    yes yesterday yet
    ab aber alle allem allen aller alles als am andere anderen anderer anderes auch auf aus bei
    beim bin bis bitte bleibt da dabei dafur dagegen damit dann daran darauf darf darin darum das
    dass dauert davon dazu dein deine dem den denen denn der deren des dessen die dies diese diesem
    diesen dieser dieses dort du durch ein eine einem einen einer eines er erste ersten es etwas
    euer fur gab ganz geht genau gibt gilt gross gut haben habe hat hatte heisst heute hoch
    hochstens ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer ist ja jede jeden jeder jedes
    jetzt kann kein keine keinen kommt konnen kosten kostet lang lange letzte letzten machen macht
    man mehr mein meine meinem meinen meiner mich mir mit moglich muss mussen nach nachste nachsten
    nein nicht nichts noch nun nur ob oder oft ohne schon sehr sein seine seinem seinen seiner sich
    sie sind sonst soll sollen um und uns unser unsere unter viel viele vom von vor wann waren
    warum wegen welche welchem welchen welcher welches wem wen wenig wenn wer werden wessen wie
    wieder wieso wird wo wofur wohin wollen womit worum wurde wurden zahle zahlen zahlt zu zum zur
    zwei zweite zweiten zwischen
    """.split()
)
_CHAT = re.compile(
    r"\W*(?:(?:thanks?|thank you|thx|cheers|hello|hi|hey|bye|goodbye|great|perfect|ok|okay|alright"
    r"|got it|good (?:morning|afternoon|evening|night|day)|how are you|very much|so much|a lot|well"
    r"|today|there|all|danke|vielen dank|dankesch[oö]n|hallo|moin|tsch[uü]ss|gut(?:en)? (?:tag"
    r"|morgen|abend)|super|prima)\b\W*)+",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"\W*(?:(?:ok|okay|well|hm+|ah|oh|ach|so)\b\W*)*"
    r"(?:and|but|or|also|same|sorry|oops|no\b,|i meant?|(?:what|how) about|what if"
    r"|und|aber|oder|auch|nein\b,|was ist mit|wie (?:ist|sieht) es mit)\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\b(?:too|as well|instead|else|though|then|auch|ebenfalls|stattdessen|dann)\W*$",
    re.IGNORECASE,
)
# Nothing is pointed at by "is there", "is it true that", "the one who" and "this morning".
_EMPTY = re.compile(
    r"\b(?:(?:is|are|was|were|be|been|isn't|aren't) there|there(?:'s|’s| is| are| was| were| be)"
    r"|there (?=in\b|at\b|on\b|by\b)|(?:is|was|isn't) it (?=that\b|worth\b|true\b|possible\b"
    r"|\w+ (?:to|that|\w+ing)\b)|how \w+ (?:is|was) it"
    r"|(?:does|did) it (?=mean\b|matter\b|(?:cost|take) (?:\w+ )?to\b)"
    r"|this (?:morning|afternoon|evening|week|weekend|month|year|spring|summer|autumn|winter)"
    r"|(?:is|was|does) the one (?:who|that|which|to)|(?:gibt|gab|ist|sind|war|wird|geht|sich) es"
    r"|es (?:gibt|gab|ist|sind|geht|sich))\b",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"\b(?:[Ii]ts?|[Tt]hey|[Tt]hem|[Tt]heirs?|[Tt]hese|[Tt]hose|[Tt]his|[Tt]here|[Hh]e|[Ss]he"
    r"|[Hh]im|[Hh]ers?|[Hh]is|[Ss]ame|[Ll]atter|[Aa]fterwards|[Tt]he others?"
    r"|(?:[Tt]he|[Tt]hat|[Tt]his|[Aa]n?|[Aa]nother|[Oo]ther|[Ww]hich) (?:\w+ )?ones?"
    r"|(?:[Oo]nes?|[Aa]nother)(?=\W*$)"
    r"|(?:[Ii]s|[Ww]as|[Dd]oes|[Dd]id|[Cc]an|[Ww]ill|for|after|before|with|about|like|of|at|on|in"
    r"|to|by|from|than|if|why) that"
    r"|[Tt]hat(?=\W*$|[.,;?!]| (?:one|case|place|rule|way|time|day|age|different|too|also|still)\b)"
    r"|er|sie|es|ihn|ihm|ihnen|dessen|deren|[Dd]ort|da(?=\W*$)|[Dd]a(?:für|von|mit|zu|ran|rin|rauf"
    r"|bei|gegen)|[Dd]iese[mnrs]?|[Dd]erselben?|[Dd]ieselben?|[Dd]asselbe"
    r"|[Dd]as(?=\W*$| (?:auch|noch|schon|dann|für|bei|in|im)\b))\b"
)
_ASKING = re.compile(
    r"\b(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|can|could|may"
    r"|must|should|will|would|has|have|had|wer|wen|wem|wie|wo|wann|warum|welche[mnrs]?|wohin|ist"
    r"|sind|darf|kann|muss|gibt|hat)\b",
    re.IGNORECASE,
)
_PIECE = re.compile(
    r"\s*(?:the|an?|my|your|our|his|her|their|another|other|any|more|only|even|every|not|didn['’]t"
    r"|if|for|with|without|in|inside|on|at|of|over|outside|under|after|before|between|during|per"
    r"|since|until|from|to|by|der|die|das|ein|eine|einen|mein|meine|für|mit|ohne|im|am|bei|nach"
    r"|vor|bis|von|zum|zur)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\s*(?:how (?:many|much)|which|what|wie viele?) \w+\W*$", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;:.?!–—-]\s|\b(?:and|or|but|if|when|that|und|oder|wenn|falls|dass)\b")
_WORD = re.compile(r"[^\W_]+")


def rewrite_query(question: str, history: Sequence[str]) -> str:
    """The question with the topic words of the turns before, where it leans on them.

    Args:
        question: As the user asked it.
        history: The user's earlier questions, oldest first.
    """
    if not history or not needs_history(question):
        return question
    known = set(stem_words(_content(question)))
    carried: list[str] = []
    # The first turn of a chain of follow-ups named the topic, the last narrowed it.
    for earlier in reversed(history):
        if _CHAT.fullmatch(earlier):
            continue
        for word in _content(earlier):
            (stem,) = stem_words([word])
            if stem not in known and len(carried) < _MOST_CARRIED:
                known.add(stem)
                carried.append(word)
        if not needs_history(earlier):
            break
    whole = f"{question.rstrip()} ({' '.join(carried)})"
    return whole if carried and len(whole) <= LONGEST_QUESTION else question


def needs_history(question: str) -> bool:
    """Whether a question needs those before it to be understood."""
    if _CHAT.fullmatch(question):
        return False
    topics = len(_topics(question))
    if not topics:
        return True
    if _OPENING.match(question):
        return topics <= _OPENED
    return topics <= _FEW and (_is_a_piece(question) or _points_away(question))


def _is_a_piece(question: str) -> bool:
    """Whether it is a piece of a sentence that the one before has to complete."""
    if _CLOSING.search(question) or _COUNTED.match(question):
        return True
    return not _ASKING.search(question) and bool(
        _PIECE.match(question) or len(question.split()) == 1
    )


def _points_away(question: str) -> bool:
    """Whether a pronoun stands for nothing that an earlier clause of the question names."""
    plain = _EMPTY.sub("…", question)
    first = _POINTING.search(plain)  # what it stands for, later ones may stand for too
    if first is None:
        return False
    ends = [clause.start() for clause in _CLAUSE.finditer(plain, 0, first.start())]
    return not ends or not _topics(plain[: ends[-1]])


def _content(text: str) -> list[str]:
    return [word for word in words(text) if word not in STOP_WORDS]


def _topics(text: str) -> list[str]:
    """The words that say what a text is about; names such as "IT" and "May" are among them."""
    found = [(match.start(), match[0]) for match in _WORD.finditer(text)]
    return [
        word
        for start, word in found
        if (len(word) > 1 and (word.isupper() or (start and word.istitle())))
        or not _ABOUT_NOTHING.issuperset(words(word))
    ]
