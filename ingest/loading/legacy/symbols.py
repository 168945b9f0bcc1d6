"""Characters of the fonts Symbol and Wingdings, which old programs number by themselves.

They are stored from U+F020 on, the font's own code added. Read as those of Symbol, which
has the letters of formulas, but for the marks that people take from Wingdings.
"""

_FROM = 0xF020
_SYMBOL = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?"
    "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"
    "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼ "
    "                                "
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵"
    "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"
    "◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪ 〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭ "
)
_MARKS = {0xF0A7: "•", 0xF0A8: "☐", 0xF0D8: "•", 0xF0E0: "→", 0xF0FC: "✓", 0xF0FE: "☑"}
# For `str.translate`.
SYMBOLS = {_FROM + at: shown for at, shown in enumerate(_SYMBOL)} | _MARKS
