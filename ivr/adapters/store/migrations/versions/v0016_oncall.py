"""What a callee may ask for: the team's next number, or to be called back."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    # Defaults are texts: for an expression SQLite would make the tables anew, and others refer to them.
    with op.batch_alter_table("call") as call:
        call.add_column(sa.Column("passed", sa.Boolean(), nullable=False, server_default="0"))
    with op.batch_alter_table("delivery") as delivery:
        delivery.add_column(sa.Column("promised", sa.String(16)))
