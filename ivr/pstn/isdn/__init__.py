"""ISDN to practise on, without hardware: a small guest machine in which the telephone network and the
hotline's Asterisk are joined by a primary rate line (ITU-T I.431, Q.921, Q.931) that is a loop within DAHDI.

`install` makes it from Debian packages, `guest` runs it, `exchange` and `stage` are the practice network and
the stage of `ivr.pstn`, but on the two sides of that line.
"""
