"""How visitors get in to a server: freely on this machine alone, else by password or account."""

from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Self

from rag_app.errors import ConfigError
from ui.access.oidc import SignIn
from ui.access.password import Password, read_password
from ui.access.sessions import cookie_name

if TYPE_CHECKING:
    from starlette.middleware import Middleware

_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class Entrance:
    """What visitors have to pass; nothing where there is neither password nor file.

    Attributes:
        password: What they have to know.
        token: The same, where it was made for this run, to be printed once.
        oidc: The file that says with which accounts they sign in.
    """

    password: Password | None = None
    token: str = ""
    oidc: Path | None = None

    @classmethod
    def chosen(cls, host: str, *, password_file: Path | None, oidc: Path | None) -> Self:
        """What was asked for, or what a server on that host needs at least.

        Raises:
            ConfigError: A file cannot be used, or both ways were asked for.
        """
        text = read_password(password_file)
        if oidc is not None and text:
            raise ConfigError("visitors give a password or sign in (--oidc); choose one")
        if oidc is not None:
            _check(oidc)
            return cls(oidc=oidc.expanduser().absolute())
        if text:
            return cls(Password.of(text))
        if is_loopback(host):
            return cls()
        token = token_urlsafe(_TOKEN_BYTES)
        return cls(Password.of(token, in_address=True), token)

    @property
    def is_free(self) -> bool:
        """Whether nothing is asked of visitors."""
        return self.password is None and self.oidc is None

    def middleware(self, port: int) -> "list[Middleware]":
        """What stands around the server on that port."""
        from starlette.middleware import Middleware

        from ui.access.request_guard import RequestGuard

        stack = [Middleware(RequestGuard)]
        if self.password is not None:
            from ui.access.password_middleware import PasswordMiddleware

            stack.append(
                Middleware(PasswordMiddleware, password=self.password, cookie=cookie_name(port))
            )
        elif self.oidc is not None:
            from ui.access.account_middleware import AccountMiddleware

            stack.append(Middleware(AccountMiddleware))
        return stack


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check(oidc: Path) -> None:
    SignIn.read(oidc.expanduser())
    if find_spec("authlib") is None:
        raise ConfigError("--oidc needs Authlib; `pip install 'rag-app[login]'`")
