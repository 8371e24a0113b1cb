"""The one way from the mail bridge to the hotline: a unix socket.

server   the hotline's side
client   the bridge's side
address  of a socket, however long its path
"""
