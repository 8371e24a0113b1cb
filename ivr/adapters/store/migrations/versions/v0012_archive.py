"""Alerts that were erased, seals of the journal, and teams that hear the time of their own clock."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    with op.batch_alter_table("alert") as alert:
        alert.add_column(sa.Column("erased_at", sa.Float()))
    with op.batch_alter_table("team") as team:
        team.add_column(sa.Column("local_time", sa.Boolean(), nullable=False, server_default="0"))
    op.create_table(
        "seal",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_seal"),
    )
