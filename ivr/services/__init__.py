"""What Tocsin does with its decisions: the ledger, the dialler, the courier, the desk."""
