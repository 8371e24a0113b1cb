"""Messages on answering machines, where a team wants them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # Defaults are texts: for an expression SQLite would make the tables anew, and others refer to them.
    with op.batch_alter_table("team") as team:
        team.add_column(sa.Column("machine_message", sa.Boolean(), nullable=False, server_default="0"))
    with op.batch_alter_table("call") as call:
        call.add_column(sa.Column("message_left", sa.Boolean(), nullable=False, server_default="0"))
