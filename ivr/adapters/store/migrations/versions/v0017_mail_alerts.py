"""Alerts that came by mail: of which mail, what became of theirs, and since when they are telephoned."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    with op.batch_alter_table("alert") as alert:
        alert.add_column(sa.Column("escalated_at", sa.Float()))
    with op.batch_alter_table("team") as team:
        team.add_column(sa.Column("mail_sms", sa.Boolean(), nullable=False, server_default="0"))
    with op.batch_alter_table("delivery") as delivery:  # who acknowledges by mail has a longer name
        delivery.alter_column("acknowledged_by", existing_type=sa.String(20), type_=sa.String(254))
    op.create_table(
        "mail",
        sa.Column("alert", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("team", sa.String(30), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("sent_at", sa.Float()),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name="fk_mail_alert"),
        sa.PrimaryKeyConstraint("alert", "team", "address", name="pk_mail"),
    )
    op.create_table(
        "submission",
        sa.Column("message", sa.String(200), nullable=False),
        sa.Column("alert", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alert.id"], name="fk_submission_alert"),
        sa.PrimaryKeyConstraint("message", name="pk_submission"),
    )
