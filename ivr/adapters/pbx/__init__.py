"""The private Asterisk: where its tree is, how its programs run, and how it gets there."""
