"""Scopes: what an API key is for."""

from enum import StrEnum


class Scope(StrEnum):
    """What a key is for."""

    STOREFRONT = "storefront"
    EMAIL = "email"
    ADMIN = "admin"


def scope_for(purpose: str) -> Scope:
    """Say which key may ask for what people consented to.

    Parameters
    ----------
    purpose : str
        The consent, such as email.

    Returns
    -------
    Scope
        The purpose's namesake; a purpose that no scope is called after needs an admin.

    Examples
    --------
    >>> scope_for("email").value, scope_for("parcel_inserts").value
    ('email', 'admin')
    """
    return Scope(purpose) if purpose in tuple(Scope) else Scope.ADMIN
