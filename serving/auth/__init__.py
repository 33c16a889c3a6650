"""Who may ask for what: API keys with scopes, which the store keeps as hashes.

::

    live_keys ── the server's: follows the store
    ├── ring         whose key a request came with
    │   └── api_keys what a key opens, and until when
    issuing ──── the commands': make, replace, revoke
    keys_file    the file of earlier versions moves into the store
"""

from serving.auth.api_keys import REVOKED_US, ApiKey
from serving.auth.issuing import issue, issue_key, key_store, living, revoke, rotate
from serving.auth.live_keys import LiveKeys
from serving.auth.ring import KeyRing
from serving.scopes import Scope

__all__ = [
    "REVOKED_US",
    "ApiKey",
    "KeyRing",
    "LiveKeys",
    "Scope",
    "issue",
    "issue_key",
    "key_store",
    "living",
    "revoke",
    "rotate",
]
