"""SMS through a GSM modem that smsd, the daemon of SMS Server Tools 3, drives.

link       the Texter port: what is in the spool, and whether the daemon gets on with it
spool      the folders, names and locks
spoolfile  what stands in a file
arrivals   what comes in
"""
