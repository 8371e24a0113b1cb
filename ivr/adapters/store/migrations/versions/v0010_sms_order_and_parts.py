"""The order in which SMS leave; parts of longer texts that came in."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("sms") as sms:
        sms.add_column(sa.Column("rank", sa.Integer(), nullable=False, server_default="3"))
        sms.drop_index("ix_sms_state_handed_at")
        sms.create_index("ix_sms_state_handed_at_rank", ["state", "handed_at", "rank"])
    op.execute(
        "UPDATE sms SET rank = (SELECT CASE alert.severity WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END"
        " FROM alert WHERE alert.id = sms.alert) WHERE kind = 'alert'"
    )
    op.create_table(
        "received_part",
        sa.Column("sender", sa.String(16), primary_key=True),
        sa.Column("reference", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("total", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
    )
    op.create_index("ix_received_part_at", "received_part", ["at"])
