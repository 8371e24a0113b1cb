"""Recordings of voice, as files.

recordings  where they are kept, under which names
wav         one file: read, judged, mended, made even
quality     what it sounds like, in numbers
keys        tones in it that a telephone would take for keys
kept        whether it is what was kept
"""
