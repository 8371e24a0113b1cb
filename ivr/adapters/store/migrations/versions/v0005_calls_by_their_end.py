"""Calls that ended lately are found without a look at all others."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("ix_call_ended_at", "call", ["ended_at"])
