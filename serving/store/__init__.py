"""The online store: what happened, and what was said, since the bundle was made.

::

    store, upkeep     the front: a method for each question and each change
    ├── events, people, identities            what people did, and who they are
    ├── items, consents, keys                 what the shop stated
    ├── recommendations, outcomes, trending   what was shown, what came of it, what is sought
    ├── revisions                             what changed, in one number for each kind
    ├── sync, retention                       what leaves for the event log, what is dropped
    └── tables, migrate, migrations           what is kept, and how that came to be
        ├── per_key, among, bulk, upsert      many keys, values and rows at once
        └── database, engines, faults         what differs between databases, and what they say
            sqlite, postgres                  when something goes wrong
            turnstile, locks, text
"""

from serving.store.consents import Consent
from serving.store.events import Event
from serving.store.identities import Link
from serving.store.items import ItemChange
from serving.store.keys import StoredKey
from serving.store.outcomes import HOUR_US, GivenLists, Outcome
from serving.store.people import PersonNews
from serving.store.recommendations import LoggedList
from serving.store.revisions import Revisions
from serving.store.store import Store, open_store

__all__ = [
    "HOUR_US",
    "Consent",
    "Event",
    "GivenLists",
    "ItemChange",
    "Link",
    "LoggedList",
    "Outcome",
    "PersonNews",
    "Revisions",
    "Store",
    "StoredKey",
    "open_store",
]
