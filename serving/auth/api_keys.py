"""API keys: what one opens, and until when. A key is shown once; only its hash is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from serving.clock import microseconds
from serving.errors import MissingScope, Unauthorised
from serving.scopes import Scope
from serving.store import StoredKey

NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""What a key may be called: the name stands in logs and tables."""

REVOKED_US: Final = 0
"""When a revoked key expired: so long ago that no machine's clock thinks that it still lives."""

_ANEW: Final = "have a new one made by vitrine keys create"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One issued key.

    Parameters
    ----------
    name : str
        Who holds it; stands in the access log.
    sha256 : str
        Of the key. A key holds 256 random bits, so that no slow hash is needed.
    scopes : tuple of Scope
        What it is for; admin is for everything.
    expires_us : int or None
        From when on it opens nothing, in UTC microseconds; None for never.
    """

    name: str
    sha256: str
    scopes: tuple[Scope, ...]
    expires_us: int | None = None

    @classmethod
    def of(cls, stored: StoredKey) -> Self:
        """Read a key as the store keeps it; a scope of a newer Vitrine opens nothing here."""
        scopes = tuple(Scope(one) for one in stored.scopes if one in tuple(Scope))
        return cls(stored.name, stored.sha256, scopes, stored.expires_us)

    def check_lives(self, now: datetime) -> None:
        """Refuse a key whose time is over.

        Raises
        ------
        Unauthorised
            It was revoked, or it has expired.
        """
        if self.expires_us is None or microseconds(now) < self.expires_us:
            return
        over = "was revoked" if self.expires_us == REVOKED_US else "has expired"
        raise Unauthorised(f"this API key {over}; {_ANEW}")

    def check(self, needed: Scope) -> None:
        """Refuse what the key is not for.

        Raises
        ------
        MissingScope
            It is for something else.
        """
        if needed not in self.scopes and Scope.ADMIN not in self.scopes:
            raise MissingScope(f"this needs an API key for {needed}; {self.name!r} is for others")


def new_secret() -> str:
    """Make a key that nobody can guess."""
    return f"vitrine_{secrets.token_urlsafe(32)}"


def sha256_of(secret: bytes) -> str:
    """Hash a key, in hexadecimal digits."""
    return hashlib.sha256(secret).hexdigest()
