"""Single sign-on (SSO, OpenID Connect): who the provider is, and who is let in.

One TOML file says both: `[auth]` as Streamlit's `st.login` wants it, and of ours

    [rag-app]
    allowed = ["ada@example.org", "@example.com"]
    admins = ["ada@example.org"]

which may be left out; then everybody is let in whom the provider signs in, and nobody of them
may do what the operator may. Administrators are let in as well.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from rag_app.errors import ConfigError

# Names the file while the server runs.
OIDC = "RAG_APP_OIDC"
_CALLBACK = "/oauth2callback"
_SHORTEST_SECRET = 32  # characters
_OF_PROVIDER = ("client_id", "client_secret", "server_metadata_url")


@dataclass(frozen=True, slots=True)
class SignIn:
    """How visitors sign in.

    Attributes:
        providers: Their names in the file; "" is the one without a name.
        allowed: Addresses, and domains from their @ on, in small letters; None for everybody.
        admins: Addresses of administrators, in small letters.
    """

    providers: tuple[str, ...]
    allowed: frozenset[str] | None = None
    admins: frozenset[str] = frozenset()

    @classmethod
    def read(cls, path: Path) -> Self:
        """What the file says.

        Raises:
            ConfigError: It cannot be read, or something is missing in it.
        """
        content = _toml(path)
        auth = content.get("auth")
        if not isinstance(auth, dict):
            raise ConfigError(f"{path} has no [auth]; docs/serving.md shows what belongs there")
        allowed = _allowed(content.get("rag-app", {}), path)
        admins = _admins(content.get("rag-app", {}), path)
        _check(auth, path)
        admitted = None if allowed is None else allowed | admins
        return cls(_providers(auth, path), admitted, admins)

    def admits(self, claims: Mapping[str, Any]) -> bool:
        """Whether a visitor of whom the provider says this is let in."""
        if claims.get("is_logged_in") is not True or not claims.get("iss") or not claims.get("sub"):
            return False
        if self.allowed is None:
            return True
        address = _folded(str(claims.get("email", "")))
        proven = claims.get("email_verified", True) in (True, "true")
        name, at, domain = address.partition("@")
        # With a second @, nobody knows which domain receives its mail.
        proven = proven and bool(name) and "@" not in domain
        return proven and not self.allowed.isdisjoint({address, at + domain})

    def administers(self, claims: Mapping[str, Any]) -> bool:
        """Whether such a visitor may do what the operator may."""
        proven = claims.get("email_verified", True) in (True, "true")
        address = _folded(str(claims.get("email", "")))
        return self.admits(claims) and proven and address in self.admins


def signing_in() -> SignIn | None:
    """What the file of this server says now; None where nobody has to sign in.

    Raises:
        ConfigError: It cannot be read any more; then nobody must be let in.
    """
    named = os.environ.get(OIDC)
    return SignIn.read(Path(named)) if named else None


def owner_of(claims: Mapping[str, Any]) -> str:
    """The same for a person at every visit, and for nobody else: 64 hex digits."""
    return sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML ({error})") from error


def _check(auth: Mapping[str, Any], path: Path) -> None:
    """Refuse what Streamlit would only stumble over when somebody signs in."""
    redirect = str(auth.get("redirect_uri", ""))
    if not redirect.startswith(("http://", "https://")) or not redirect.endswith(_CALLBACK):
        raise ConfigError(
            f"{path}: redirect_uri={redirect!r}; use the address of this server in full, "
            f"with {_CALLBACK} at its end"
        )
    length = len(str(auth.get("cookie_secret", "")))
    if length < _SHORTEST_SECRET:
        raise ConfigError(
            f"{path}: cookie_secret has {length} characters; use {_SHORTEST_SECRET} or more, as "
            '`python -c "import secrets; print(secrets.token_urlsafe(32))"` prints'
        )


def _providers(auth: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    named: dict[str, Mapping[str, Any]] = {
        name: value for name, value in auth.items() if isinstance(value, dict)
    }
    named.pop("client_kwargs", None)
    if not named or "client_id" in auth:
        named = {"": auth}
    for name, provider in named.items():
        if missing := [key for key in _OF_PROVIDER if not provider.get(key)]:
            table = f"auth.{name}" if name else "auth"
            raise ConfigError(f"{path}: [{table}] lacks {', '.join(missing)}")
        if "_" in name:
            raise ConfigError(f"{path}: [auth.{name}]; choose a name without an underscore")
    return tuple(named)


def _allowed(ours: object, path: Path) -> frozenset[str] | None:
    allowed = ours.get("allowed") if isinstance(ours, dict) else ""
    if allowed is None:
        return None
    if not isinstance(allowed, list) or any(str(entry).count("@") != 1 for entry in allowed):
        raise ConfigError(
            f"{path}: allowed={allowed!r}; use a list of addresses and of domains from their @ on"
        )
    return frozenset(_folded(str(entry).strip()) for entry in allowed)


def _admins(ours: object, path: Path) -> frozenset[str]:
    admins = ours.get("admins", []) if isinstance(ours, dict) else []
    # No domains: who may do everything is named.
    if not isinstance(admins, list) or not all(str(entry).find("@") > 0 for entry in admins):
        raise ConfigError(f"{path}: admins={admins!r}; use a list of whole addresses")
    return frozenset(_folded(str(entry).strip()) for entry in admins)


def _folded(address: str) -> str:
    """In small letters; beyond ASCII as it is, where some letters have those of others as small."""
    return address.lower() if address.isascii() else address
