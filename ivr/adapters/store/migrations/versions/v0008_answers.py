"""SMS that came in, SMS about no alert, and when people were told how an alert goes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("alert") as alert:
        alert.add_column(sa.Column("reported_at", sa.Float()))
    with op.batch_alter_table("sms") as sms:  # nothing refers to this table, so SQLite may make it anew
        sms.alter_column("alert", existing_type=sa.Integer(), nullable=True)
        sms.create_index("ix_sms_kind_queued_at", ["kind", "queued_at"])
    op.create_table(
        "received",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("sender", sa.String(16), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_received"),
    )
    op.create_index("ix_received_sender_at", "received", ["sender", "at"])
