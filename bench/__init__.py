"""Benchmarks and simulations. All run the real policy and schedule; none copies them."""
