"""FastAGI: between a call in Asterisk and the script that leads it."""

from ivr.adapters.fastagi.channel import ALL_KEYS, Channel, Played, Recorded
from ivr.adapters.fastagi.server import FastAgiServer, Script
from ivr.adapters.fastagi.wire import AgiError, HungUp

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
