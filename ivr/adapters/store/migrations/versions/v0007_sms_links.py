"""Which SMSC an SMS is with; its parts as SMSCs know them; receipts that came before their answer."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # Defaults are texts: for an expression SQLite would make the tables anew, and others refer to them.
    with op.batch_alter_table("sms") as sms:
        sms.add_column(sa.Column("link", sa.String(30)))
        sms.add_column(sa.Column("handed_at", sa.Float()))
        sms.add_column(sa.Column("repeated", sa.Boolean(), nullable=False, server_default="0"))
        sms.drop_index("ix_sms_state")
        sms.create_index("ix_sms_state_handed_at", ["state", "handed_at"])
    op.create_table(
        "sms_part",
        sa.Column("message_id", sa.String(64), primary_key=True),
        sa.Column("link", sa.String(30), primary_key=True),
        sa.Column("sms", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10)),
    )
    op.create_index("ix_sms_part_sms", "sms_part", ["sms"])
    op.create_table(
        "early_receipt",
        sa.Column("message_id", sa.String(64), primary_key=True),
        sa.Column("link", sa.String(30), primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
    )
    op.create_index("ix_early_receipt_at", "early_receipt", ["at"])
