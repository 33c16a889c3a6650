"""The keys file of earlier versions: its keys move into the store, and go on opening what they did.

Once a key is in the store, the store alone says until when it lives: a file that comes back, from
a backup say, brings no revoked key back.
"""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import InvalidSettings
from serving.auth.api_keys import NAME
from serving.clock import microseconds
from serving.scopes import Scope
from serving.store import Store, StoredKey


class _Key(BaseModel):
    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=NAME)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]


class _File(BaseModel):
    model_config: ClassVar = ConfigDict(extra="forbid", frozen=True)

    key: tuple[_Key, ...] = ()


def take_in(path: Path, store: Store, *, now: datetime) -> None:
    """Move the keys of a file into the store; where there is no file, nothing happens.

    Parameters
    ----------
    path : Path
        The file. It is called `keys.toml.imported` afterwards; where that cannot be done, as in a
        folder that is read only, it stays, and what it holds is known the next time.
    store : Store
        Where keys are kept.
    now : aware datetime
        The time.

    Raises
    ------
    InvalidSettings
        The file is not what earlier versions wrote.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return
    issued = store.keys()
    known = {key.sha256 for key in issued}
    for key in _parsed(path.name, text):
        if key.sha256 not in known:
            scopes = tuple(scope.value for scope in key.scopes)
            store.add_key(StoredKey(key.name, key.sha256, scopes, microseconds(now), None))
    try:
        path.rename(path.with_name(f"{path.name}.imported"))
    except OSError:
        # Another process was faster, or the folder is read only; the keys are in the store.
        return


def _parsed(name: str, text: bytes) -> tuple[_Key, ...]:
    try:
        return _File.model_validate(tomllib.loads(text.decode())).key
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise InvalidSettings(
            f"{name} cannot be read as API keys: it must hold [[key]] tables with name, sha256 and"
            " scopes; correct it, or move it away and make new keys by vitrine keys create"
        ) from error
