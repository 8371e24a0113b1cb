"""A second phone that rings beside the first, and who is known to be a person."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("delivery") as delivery:
        delivery.add_column(sa.Column("beside", sa.String(16)))
        delivery.add_column(sa.Column("beside_at", sa.Float(), nullable=False, server_default="0"))
    with op.batch_alter_table("call") as call:
        call.add_column(sa.Column("person", sa.Boolean(), nullable=False, server_default=sa.false()))
