"""Errands: calls that carry no alert. Failure budgets, call back, one-time codes,
verification words, enrolment."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    with op.batch_alter_table("call") as call:
        call.add_column(sa.Column("errand", sa.Integer()))
    with op.batch_alter_table("team") as team:
        team.add_column(sa.Column("suspended", sa.Boolean(), nullable=False, server_default="0"))
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("callback", sa.String(16)))
        account.add_column(sa.Column("totp", sa.String(64)))
        account.add_column(sa.Column("totp_step", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "budget",
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("spent_until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name="pk_budget"),
    )
    op.create_table(
        "enrolment",
        sa.Column("team", sa.String(30), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("mail", sa.String(254)),
        sa.Column("fingerprint", sa.String(40)),
        sa.ForeignKeyConstraint(["team"], ["team.id"], name="fk_enrolment_team"),
        sa.PrimaryKeyConstraint("team", name="pk_enrolment"),
    )
    op.create_table(
        "verification_word",
        sa.Column("team", sa.String(30), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("word", sa.String(20), nullable=False),
        sa.Column("call", sa.String(40)),
        sa.ForeignKeyConstraint(["team"], ["team.id"], name="fk_verification_word_team"),
        sa.PrimaryKeyConstraint("team", "n", name="pk_verification_word"),
    )
    op.create_table(
        "errand",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("team", sa.String(30)),
        sa.Column("uid", sa.String(10)),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("call", sa.String(40)),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_errand"),
    )
    op.create_index("ix_errand_state", "errand", ["state"])
