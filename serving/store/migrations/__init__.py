"""Migrations: how the store's tables came to be, step by step (Alembic)."""
