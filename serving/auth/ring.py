"""The key ring: whose key a request came with, and whether it opens what was asked for."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from serving.auth.api_keys import ApiKey, sha256_of
from serving.errors import Unauthorised
from serving.scopes import Scope
from serving.store import StoredKey

_BEARER: Final = b"bearer "
_HOW: Final = "send the header 'Authorization: Bearer KEY' with a key from vitrine keys create"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys that were issued for a shop, those that open nothing any more included.

    Parameters
    ----------
    keys : tuple of ApiKey
        In any order.
    """

    keys: tuple[ApiKey, ...]

    @classmethod
    def of(cls, stored: Iterable[StoredKey]) -> Self:
        """Put the store's keys on a ring."""
        return cls(tuple(ApiKey.of(one) for one in stored))

    def admit(self, authorization: bytes | None, needed: Scope, *, now: datetime) -> ApiKey:
        """Find the key that a request came with.

        Parameters
        ----------
        authorization : bytes or None
            The request's header.
        needed : Scope
            What the key must be for.
        now : aware datetime
            The moment of the request.

        Raises
        ------
        Unauthorised
            There is no key in the header, nobody issued it, or its time is over.
        MissingScope
            It is for something else.
        """
        if authorization is None or authorization[: len(_BEARER)].lower() != _BEARER:
            raise Unauthorised(f"this needs an API key; {_HOW}")
        key = self._of(authorization[len(_BEARER) :].strip())
        if key is None:
            raise Unauthorised(f"nobody issued this API key; {_HOW}")
        key.check_lives(now)
        key.check(needed)
        return key

    def _of(self, secret: bytes) -> ApiKey | None:
        digest = sha256_of(secret)
        found = None
        for key in self.keys:
            # Every key is compared, and in constant time: how long it takes tells nothing.
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found
