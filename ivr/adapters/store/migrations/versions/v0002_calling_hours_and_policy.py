"""Calling hours, kinds of numbers, and the policy of a team."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # The defaults are for the rows that are there; new ones always bring their values. They stay: to take
    # them away SQLite would have to make the tables anew, and others refer to these.
    with op.batch_alter_table("team") as team:
        team.add_column(sa.Column("zone", sa.String(60), nullable=False, server_default="UTC"))
        team.add_column(
            sa.Column("office_hours", sa.String(200), nullable=False, server_default="Mon-Fri 09:00-17:00")
        )
        team.add_column(sa.Column("policy", sa.Text()))
    with op.batch_alter_table("number") as number:
        number.add_column(sa.Column("kind", sa.String(20), nullable=False, server_default="other"))
        number.add_column(sa.Column("hours", sa.String(20), nullable=False, server_default="always"))
        number.add_column(sa.Column("unallocated_at", sa.Float()))
    with op.batch_alter_table("delivery") as delivery:
        delivery.add_column(sa.Column("deadline_at", sa.Float()))
        delivery.add_column(sa.Column("avoid_trunk", sa.String(30)))

    number_table = sa.table("number", sa.column("kind", sa.String), sa.column("sms", sa.Boolean))
    op.execute(number_table.update().where(number_table.c.sms).values(kind="mobile"))
