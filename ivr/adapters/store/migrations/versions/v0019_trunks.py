"""What is known of the trunks, how far a call got, and over which trunks an attempt has failed."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    # Defaults are texts: for an expression SQLite would make the tables anew, and others refer to them.
    with op.batch_alter_table("call") as call:
        call.add_column(sa.Column("reached", sa.String(10)))
        call.add_column(sa.Column("probe", sa.Boolean(), nullable=False, server_default="0"))
    with op.batch_alter_table("delivery") as delivery:
        delivery.add_column(sa.Column("tried", sa.Text(), nullable=False, server_default=""))
        delivery.add_column(sa.Column("afresh_at", sa.Float(), nullable=False, server_default="0"))
    with op.batch_alter_table("errand") as errand:
        errand.add_column(sa.Column("avoid_trunk", sa.String(30)))
    op.create_table(
        "trunk",
        sa.Column("name", sa.String(30), nullable=False),
        sa.Column("health", sa.String(10), nullable=False),
        sa.Column("lines", sa.Integer()),
        sa.Column("why", sa.String(120), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("probe_at", sa.Float(), nullable=False),
        sa.Column("pause_s", sa.Float(), nullable=False),
        sa.Column("told_at", sa.Float(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_trunk"),
    )
