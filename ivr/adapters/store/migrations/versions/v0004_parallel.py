"""A second phone that rings beside the first, and who is known to be a person. Rounds are no more."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TEAM = sa.table("team", sa.column("id", sa.String), sa.column("policy", sa.Text))
_GONE = ("rounds", "round_pause_s")


def upgrade() -> None:
    with op.batch_alter_table("delivery") as delivery:
        delivery.add_column(sa.Column("beside", sa.String(16)))
        delivery.add_column(sa.Column("beside_at", sa.Float(), nullable=False, server_default="0"))
    with op.batch_alter_table("call") as call:
        call.add_column(sa.Column("person", sa.Boolean(), nullable=False, server_default=sa.false()))
    bind = op.get_bind()
    for team, policy in bind.execute(
        sa.select(_TEAM.c.id, _TEAM.c.policy).where(_TEAM.c.policy.is_not(None))
    ):
        left = {key: value for key, value in json.loads(policy).items() if key not in _GONE}
        bind.execute(
            _TEAM.update().where(_TEAM.c.id == team).values(policy=json.dumps(left) if left else None)
        )
