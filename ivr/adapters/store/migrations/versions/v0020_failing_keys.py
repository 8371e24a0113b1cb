"""Keys and certificates for mail that fail, as the mail bridge tells."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "failing_key",
        sa.Column("what", sa.String(200), nullable=False),
        sa.Column("team", sa.String(30), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("what", name="pk_failing_key"),
    )
