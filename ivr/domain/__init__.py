"""What Tocsin decides. Standard library only: no I/O, no clock, no randomness; `now` is an argument.

Times are float seconds since the epoch (UTC), durations float seconds.
"""
