"""SMS through an operator's SMSC over SMPP 3.4, with the codec of smpplib.

link     the Texter port: kept up by one thread, a new session for each try
session  one session, from connect to the drop
account  who we are there, and the way to it
window   the texts a session has taken and not finished
pace     how fast they may leave
deliver  what comes in: receipts and texts
codec    octets to PDUs and back
"""
