"""Teams that take part by mail: the pinned key or certificate, and the addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "mail_key",
        sa.Column("team", sa.String(30), nullable=False),
        sa.Column("standard", sa.String(10), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("gcm", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["team"], ["team.id"], name="fk_mail_key_team"),
        sa.PrimaryKeyConstraint("team", name="pk_mail_key"),
    )
    op.create_table(
        "mail_address",
        sa.Column("team", sa.String(30), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.ForeignKeyConstraint(["team"], ["team.id"], name="fk_mail_address_team"),
        sa.PrimaryKeyConstraint("team", "position", name="pk_mail_address"),
    )
