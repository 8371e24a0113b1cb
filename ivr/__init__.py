"""Tocsin: voice alerts for a network of CSIRTs, behind Asterisk."""
