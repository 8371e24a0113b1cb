"""The telephone network to practise on: a second Asterisk that plays the PSTN, and what witnesses its calls.

`behaviour` says what a phone does on a call, `phones` reads the file that declares them, `exchange` runs the
Asterisk, `cdr` reads its call records, `witness` finds known audio in what a phone has heard. Nothing in here
knows alerts or the store: to the practice network the hotline is just the party at the other end of a trunk.
"""
