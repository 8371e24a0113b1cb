"""How a check of `tocsin doctor` says that something is not well."""


class Ill(Exception):
    """Something is not well. The message says what to do."""
