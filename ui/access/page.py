"""The page that asks for the password. It stands outside Streamlit and loads nothing."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from math import ceil

from ui.languages.language import gettext, language

# Colours as the pages have them.
_STYLE = """
:root { color-scheme: light dark; --text: #1d2426; --back: #fff; --main: #1f6f6b;
  --line: #7d8688; --bad: #a63a24; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e9ea; --back: #14181a; --main: #267871; --line: #8a9496; --bad: #f09a86; }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--back);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
form { box-sizing: border-box; width: min(22rem, 100vw); padding: 1.5rem; display: grid;
  gap: 0.75rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 0.5rem; }
p { margin: 0; }
label { font-weight: 600; }
input, button { box-sizing: border-box; width: 100%; font: inherit; padding: 0.6rem 0.8rem;
  border-radius: 0.5rem; }
input { background: var(--back); color: inherit; border: 1px solid var(--line); }
button { background: var(--main); color: #fff; border: 0; font-weight: 600; cursor: pointer; }
:is(input, button):focus-visible { outline: 3px solid var(--main); outline-offset: 2px; }
[role=alert] { color: var(--bad); font-weight: 600; }
"""
_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
}


def login_page(*, error: str = "", token: bool = False) -> str:
    """The page as HTML; what is typed goes to the address it was asked for at.

    Args:
        error: What was wrong with the last try.
        token: Whether the server made up a token, instead of being given a password.
    """
    alert = f'<p role="alert" id="error">{escape(error)}</p>' if error else ""
    printed = gettext("The server printed it at its start, at the end of its address.")
    hint = f'<p id="hint">{escape(printed)}</p>' if token else ""
    described = " ".join(name for name, there in (("error", error), ("hint", token)) if there)
    invalid = ' aria-invalid="true"' if error else ""
    title, log_in = escape(gettext("Ask your documents")), escape(gettext("Log in"))
    label = escape(gettext("Token") if token else gettext("Password"))
    return (
        f'<!doctype html><html lang="{language()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{log_in} · {title}</title><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body><main>"
        f'<form method="post"><h1>{title}</h1>{alert}'
        f'<label for="password">{label}</label>{hint}'
        f'<input id="password" name="password" type="password" required autofocus{invalid}'
        f' autocomplete="current-password" aria-describedby="{described}">'
        f"<button>{log_in}</button></form></main></body></html>"
    )


def wrong() -> str:
    """What to say to whoever gave something else."""
    return gettext("That is not it. Try again.")


def too_soon(seconds: float) -> str:
    """What to say to whoever tries again before the wait is over."""
    told = gettext("Too many wrong tries. Seconds to wait before the next: {seconds}.")
    return told.format(seconds=ceil(seconds))
