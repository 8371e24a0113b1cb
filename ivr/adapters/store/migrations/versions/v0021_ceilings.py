"""The calls of the last hour are counted again and again."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_index("ix_call_direction_started_at", "call", ["direction", "started_at"])
