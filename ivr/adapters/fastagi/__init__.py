"""FastAGI: between a call in Asterisk and the script that leads it."""

from ivr.adapters.fastagi.channel import ALL_KEYS, AgiError, Channel, HungUp, Played, Recorded
from ivr.adapters.fastagi.server import FastAgiServer, Script

__all__ = [
    "ALL_KEYS",
    "AgiError",
    "Channel",
    "FastAgiServer",
    "HungUp",
    "Played",
    "Recorded",
    "Script",
]
