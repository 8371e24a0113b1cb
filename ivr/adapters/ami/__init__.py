"""Asterisk's manager interface (AMI), through panoramisk.

manager   the Pbx port: one connection after another, Originate and hangup
link      one connection, made to connect once and no more
calls     what becomes of calls, as facts
observer  the shape of whoever else watches, of which there are two:
contacts  the carriers of SIP trunks
spans     the spans of ISDN trunks
"""
