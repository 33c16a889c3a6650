"""What Alembic runs: the steps, on the connection that `serving.store.migrate` gives."""

from alembic import context

from serving.store.tables import METADATA


def run() -> None:
    """Run the steps within the transaction of whoever asks for them."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=METADATA)
    with context.begin_transaction():
        context.run_migrations()


# Alembic loads this file under a name of its own; whoever only imports it runs nothing.
if __name__ == "env_py":
    run()
