"""The spans of ISDN trunks, and on which channel a call is."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    with op.batch_alter_table("call") as call:
        call.add_column(sa.Column("channel", sa.String(10)))
    op.create_table(
        "span",
        sa.Column("span", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("trunk", sa.String(30), nullable=False),
        sa.Column("up", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(120), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("span", name="pk_span"),
    )
