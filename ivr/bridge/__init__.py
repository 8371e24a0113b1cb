"""The mail bridge: a process of its own, that takes alerts by mail and sends them on to every member.

Owns: mail, from the server that brings it to the server that takes it. Reaches the hotline through the gate
alone, never the database, and trusts nothing of a mail before its signature. See docs/mail.md.
"""
