"""What a callee may ask for, the next number or a later call; how a team that needs secrecy listens."""

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
    with op.batch_alter_table("team") as team:
        team.add_column(sa.Column("listen", sa.String(10), nullable=False, server_default="key"))
    op.create_table(
        "listen_pin",
        sa.Column("team", sa.String(30), nullable=False),
        sa.Column("pin_hash", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["team"], ["team.id"], name="fk_listen_pin_team"),
        sa.PrimaryKeyConstraint("team", name="pk_listen_pin"),
    )
