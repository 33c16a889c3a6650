"""The store's tables: which columns there are, and by what they are found."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from features.events import EventType

METADATA: Final = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"}
)

# SQLite numbers its rows only in a column of type INTEGER.
_ROW_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")

events: Final = Table(
    "events",
    METADATA,
    Column("seq", _ROW_NUMBER, Identity(always=True), primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("person", Text),
    Column("user_id", Text),
    Column("anonymous_id", Text),
    Column("item_id", Text, nullable=False),
    Column("timestamp_us", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("price", Double),
    Column("order_id", Text),
    Column("session_id", Text),
    Column("country", Text),
    Column("device", Text),
    Column("recommendation_id", Text),
    Column("received_us", BigInteger, nullable=False),
    Column("sync_batch", BigInteger),
    # A number that was given once is never given again, whatever is dropped.
    sqlite_autoincrement=True,
)

# Most events are impressions, and a history has none of them: each kind has its own index, so
# that no history wades through them. The conditions are written out, not bound, because a
# database uses such an index only where the question repeats its condition word by word.
is_impression: Final = text(f"event_type = '{EventType.IMPRESSION.value}'")
is_no_impression: Final = text(f"event_type <> '{EventType.IMPRESSION.value}'")
_unsynced: Final = text("sync_batch IS NULL")
_recommended: Final = text("recommendation_id IS NOT NULL")

Index("ix_events_event_id", events.c.event_id, unique=True)
Index(
    "ix_events_history",
    *(events.c.person, events.c.timestamp_us),
    sqlite_where=is_no_impression,
    postgresql_where=is_no_impression,
)
Index(
    "ix_events_late_history",
    *(events.c.person, events.c.sync_batch, events.c.timestamp_us),
    sqlite_where=is_no_impression,
    postgresql_where=is_no_impression,
)
Index(
    "ix_events_impressions",
    *(events.c.person, events.c.timestamp_us),
    sqlite_where=is_impression,
    postgresql_where=is_impression,
)
Index(
    "ix_events_recommendation_id",
    events.c.recommendation_id,
    sqlite_where=_recommended,
    postgresql_where=_recommended,
)
Index("ix_events_received_us", events.c.received_us)
Index("ix_events_unsynced", events.c.seq, sqlite_where=_unsynced, postgresql_where=_unsynced)

item_overrides: Final = Table(
    "item_overrides",
    METADATA,
    Column("item_id", Text, primary_key=True),
    Column("stated", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("sync_batch", BigInteger),
    Index(None, "sync_batch"),
)

consents: Final = Table(
    "consents",
    METADATA,
    Column("user_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    PrimaryKeyConstraint("user_id", "purpose"),
)

identities: Final = Table(
    "identities",
    METADATA,
    Column("anonymous_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Index(None, "user_id"),
)

recommendations: Final = Table(
    "recommendations",
    METADATA,
    Column("recommendation_id", Text, primary_key=True),
    Column("person", Text),
    Column("placement", Text, nullable=False),
    Column("scenario", Text),
    Column("model_version", Text, nullable=False),
    Column("config_version", Text, nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("items", Text, nullable=False),
    Index(None, "person", "at_us"),
    Index(None, "at_us"),
)

api_keys: Final = Table(
    "api_keys",
    METADATA,
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
    PrimaryKeyConstraint("name", "sha256"),
)

revisions: Final = Table(
    "revisions",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
