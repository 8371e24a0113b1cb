"""Measurements of the real thing: they run the product's own code and copy none of it."""
