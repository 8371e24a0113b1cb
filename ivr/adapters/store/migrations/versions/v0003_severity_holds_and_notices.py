"""Severity of an alert, calls that are held back, and SMS that are notices."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # The defaults are for the rows that are there, as before.
    with op.batch_alter_table("alert") as alert:
        alert.add_column(sa.Column("severity", sa.String(10), nullable=False, server_default="medium"))
        alert.add_column(sa.Column("told", sa.String(20)))
    with op.batch_alter_table("delivery") as delivery:
        delivery.add_column(sa.Column("severity", sa.String(10), nullable=False, server_default="medium"))
        delivery.add_column(sa.Column("held_until", sa.Float()))
        delivery.add_column(sa.Column("holds", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("sms") as sms:  # nothing refers to this table, so SQLite may make it anew
        sms.alter_column("team", existing_type=sa.String(30), nullable=True)
        sms.add_column(sa.Column("kind", sa.String(10), nullable=False, server_default="alert"))
