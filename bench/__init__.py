"""Benchmarks, simulations, faults. All run the real policy and schedule; none copies them."""
