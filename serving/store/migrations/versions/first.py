"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_HISTORY = sa.text("event_type <> 'impression'")
_IMPRESSIONS = sa.text("event_type = 'impression'")
_RECOMMENDED = sa.text("recommendation_id IS NOT NULL")
_UNSYNCED = sa.text("sync_batch IS NULL")
_KINDS = ("items", "identities", "consents", "keys", "sync")


def upgrade() -> None:
    """Make the tables of the first release."""
    _events()
    _stated_by_the_shop()
    _said_by_us()
    revisions = op.create_table(
        "revisions",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_revisions"),
    )
    op.bulk_insert(revisions, [{"name": name, "number": 0} for name in _KINDS])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.Identity(always=True),
            nullable=False,
        ),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("person", sa.Text),
        sa.Column("user_id", sa.Text),
        sa.Column("anonymous_id", sa.Text),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("timestamp_us", sa.BigInteger, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("price", sa.Double),
        sa.Column("order_id", sa.Text),
        sa.Column("session_id", sa.Text),
        sa.Column("country", sa.Text),
        sa.Column("device", sa.Text),
        sa.Column("recommendation_id", sa.Text),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.Column("sync_batch", sa.BigInteger),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_event_id", "events", ["event_id"], unique=True)
    op.create_index("ix_events_received_us", "events", ["received_us"])
    _partial("history", ["person", "timestamp_us"], _HISTORY)
    _partial("late_history", ["person", "sync_batch", "timestamp_us"], _HISTORY)
    _partial("impressions", ["person", "timestamp_us"], _IMPRESSIONS)
    _partial("recommendation_id", ["recommendation_id"], _RECOMMENDED)
    _partial("unsynced", ["seq"], _UNSYNCED)


def _partial(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(
        f"ix_events_{name}", "events", columns, sqlite_where=where, postgresql_where=where
    )


def _stated_by_the_shop() -> None:
    op.create_table(
        "item_overrides",
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("stated", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("sync_batch", sa.BigInteger),
        sa.PrimaryKeyConstraint("item_id", name="pk_item_overrides"),
    )
    op.create_index("ix_item_overrides_sync_batch", "item_overrides", ["sync_batch"])
    op.create_table(
        "consents",
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("granted", sa.Boolean, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "purpose", name="pk_consents"),
    )
    op.create_table(
        "identities",
        sa.Column("anonymous_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("anonymous_id", name="pk_identities"),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])


def _said_by_us() -> None:
    op.create_table(
        "recommendations",
        sa.Column("recommendation_id", sa.Text, nullable=False),
        sa.Column("person", sa.Text),
        sa.Column("placement", sa.Text, nullable=False),
        sa.Column("scenario", sa.Text),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("config_version", sa.Text, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("items", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("recommendation_id", name="pk_recommendations"),
    )
    op.create_index("ix_recommendations_person_at_us", "recommendations", ["person", "at_us"])
    op.create_index("ix_recommendations_at_us", "recommendations", ["at_us"])
    op.create_table(
        "api_keys",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("name", "sha256", name="pk_api_keys"),
    )
