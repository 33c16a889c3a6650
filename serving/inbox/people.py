"""Posted words about people: who an anonymous visitor turned out to be, and who agreed to what."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from features.near_names import near
from serving.inbox.faults import Fault, Read, WireReason, read_each
from serving.inbox.fields import entry_with, flag, identifier, stated, user_identifier
from serving.store.consents import Consent
from serving.store.identities import Link

_LINK_FIELDS: Final = dict.fromkeys(("anonymous_id", "user_id")).keys()
_CONSENT_FIELDS: Final = dict.fromkeys(("user_id", "purpose", "granted")).keys()


def read_links(raw: Iterable[Any]) -> Read[Link]:
    """Read posted links one by one.

    Examples
    --------
    >>> read_links([{"anonymous_id": "a1", "user_id": "anna"}, {"user_id": "anna"}])
    Read(valid=[Link(anonymous_id='a1', user_id='anna')],
         rejected=[{'index': 1, 'code': 'missing_id',
                    'message': 'anonymous_id is missing or empty; give it'}])
    """
    return read_each(raw, lambda entry: _link(entry_with(entry, _LINK_FIELDS)))


def read_consents(raw: Iterable[Any], *, purposes: Collection[str] | None = None) -> Read[Consent]:
    """Read posted consents one by one.

    Parameters
    ----------
    raw : iterable
        Entries of any shape.
    purposes : collection of str, optional
        What the shop asks consent for; a training knows a few dozen at most, and must not choke
        on what somebody made up. By default every purpose is taken.

    Examples
    --------
    >>> read_consents([{"user_id": "anna", "purpose": "email", "granted": True}]).valid
    [Consent(user_id='anna', purpose='email', granted=True)]
    """
    return read_each(raw, lambda entry: _consent(entry_with(entry, _CONSENT_FIELDS), purposes))


def _link(entry: dict[str, Any]) -> Link:
    return Link(
        stated("anonymous_id", identifier("anonymous_id", entry.get("anonymous_id"))),
        stated("user_id", user_identifier(entry.get("user_id"))),
    )


def _consent(entry: dict[str, Any], purposes: Collection[str] | None) -> Consent:
    user_id = stated("user_id", user_identifier(entry.get("user_id")))
    purpose = identifier("purpose", entry.get("purpose"))
    if purpose is None:
        raise Fault(
            WireReason.MISSING_FIELD, "purpose is missing or empty; name one, such as email"
        )
    if purposes is not None and purpose not in purposes:
        raise Fault(
            WireReason.UNKNOWN_PURPOSE,
            f"the shop asks for no such consent{near(purpose, purposes)}; name the purpose in"
            " placements.toml or in the user table first",
        )
    return Consent(user_id, purpose, flag("granted", entry.get("granted")))
