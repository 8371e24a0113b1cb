"""What is said, as sounds of our own (flite, sox).

voice    how a text becomes a sound, and when anew
texts    the catalogue, by language
tones    sounds that are no words
reading  the text of an alert, read out into a recording
"""
