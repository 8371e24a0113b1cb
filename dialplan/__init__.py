"""Templates of Asterisk's configuration. Holds data alone: ivr.adapters.pbx.render fills them in."""
