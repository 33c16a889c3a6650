"""API keys: who may ask for what. A key is shown once; only its hash is kept."""

import hashlib
import hmac
import os
import re
import secrets
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import InvalidInput, InvalidSettings
from features.home import Home
from serving.errors import MissingScope, Unauthorised

_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_BEARER: Final = b"bearer "
_HOW: Final = "send the header 'Authorization: Bearer KEY' with a key from vitrine keys create"


class Scope(StrEnum):
    """What a key is for."""

    STOREFRONT = "storefront"
    EMAIL = "email"
    ADMIN = "admin"


class ApiKey(BaseModel):
    """One issued key, as it is kept.

    Parameters
    ----------
    name : str
        Who holds it; stands in the access log.
    sha256 : str
        Of the key. A key holds 256 random bits, so that no slow hash is needed.
    scopes : tuple of Scope
        What it is for; admin is for everything.
    """

    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=_NAME)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]

    def check(self, needed: Scope) -> None:
        """Refuse what the key is not for.

        Raises
        ------
        MissingScope
            It is for something else.
        """
        if needed not in self.scopes and Scope.ADMIN not in self.scopes:
            raise MissingScope(f"this needs an API key for {needed}; {self.name!r} is for others")


class _File(BaseModel):
    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True)

    key: tuple[ApiKey, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys that were issued for a shop."""

    keys: tuple[ApiKey, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the keys file; where there is none, no key has been issued.

        Raises
        ------
        InvalidSettings
            The file is not what `issue_key` writes.
        """
        if not path.exists():
            return cls(())
        try:
            return cls(_File.model_validate(tomllib.loads(path.read_text("utf-8"))).key)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
            raise InvalidSettings(
                f"{path.name} cannot be read as API keys; it must hold [[key]] tables with name,"
                " sha256 and scopes, as vitrine keys create writes them"
            ) from error

    def admit(self, authorization: bytes | None, needed: Scope) -> ApiKey:
        """Find the key that a request came with.

        Parameters
        ----------
        authorization : bytes or None
            The request's header.
        needed : Scope
            What the key must be for.

        Raises
        ------
        Unauthorised
            There is no key in the header, or nobody issued it.
        MissingScope
            It is for something else.
        """
        if authorization is None or authorization[: len(_BEARER)].lower() != _BEARER:
            raise Unauthorised(f"this needs an API key; {_HOW}")
        key = self._of(authorization[len(_BEARER) :].strip())
        if key is None:
            raise Unauthorised(f"nobody issued this API key; {_HOW}")
        key.check(needed)
        return key

    def _of(self, plaintext: bytes) -> ApiKey | None:
        digest = hashlib.sha256(plaintext).hexdigest()
        found = None
        for key in self.keys:
            # Every key is compared, and in constant time: how long it takes tells nothing.
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found


def issue_key(home: Home, name: str, scopes: Iterable[Scope]) -> str:
    """Make a new key and keep its hash.

    Parameters
    ----------
    home : Home
        The shop.
    name : str
        Who will hold it: letters, digits, dots, dashes and underscores.
    scopes : iterable of Scope
        What it is for; at least one.

    Returns
    -------
    str
        The key itself, which cannot be had again.

    Raises
    ------
    InvalidInput
        The name is taken or has other characters, or no scope is given.
    InvalidSettings
        The keys file cannot be read.
    """
    wanted = tuple(dict.fromkeys(scopes))
    ring = KeyRing.load(home.keys)
    if not re.fullmatch(_NAME, name) or any(key.name == name for key in ring.keys):
        raise InvalidInput(
            f"a key cannot be called {name!r}; use a name of letters, digits, dots, dashes and"
            " underscores that no other key has"
        )
    if not wanted:
        raise InvalidInput(f"a key must be for something; give one of {', '.join(Scope)}")
    plaintext = f"vitrine_{secrets.token_urlsafe(32)}"
    digest = hashlib.sha256(plaintext.encode()).hexdigest()
    _write(home.keys, (*ring.keys, ApiKey(name=name, sha256=digest, scopes=wanted)))
    return plaintext


def _write(path: Path, keys: Iterable[ApiKey]) -> None:
    tables = (
        f'[[key]]\nname = "{key.name}"\nsha256 = "{key.sha256}"\n'
        f"scopes = {[str(scope) for scope in key.scopes]!r}\n"
        for key in keys
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text("\n".join(tables), encoding="utf-8")
    draft.replace(path)
