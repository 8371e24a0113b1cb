"""The policies that are simulated: the default one without a deadline, and two that differ from it."""

from dataclasses import replace

from ivr.domain.policy import Policy, Rule

POLICY = Policy(deadline_s=1e9)
"""The default one, without a deadline: a makespan is wanted, also where it takes days."""
PARALLEL = replace(POLICY, parallel_after_s=5)
"""Every team has opted in to its second phone."""
NO_PAUSE = replace(PARALLEL, parallel_after_s=0, busy=Rule(pause_s=0), no_answer=Rule(pause_s=0))
"""What nobody would do to a phone: to see how much of a miss is due to what cannot be known beforehand."""
