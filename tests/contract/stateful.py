"""How long a story of facts in any order is, and how many are told."""

import hypothesis

MODEST = hypothesis.settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # a busy machine is no failure
)
