"""A crack: its field, tip, events, ladder and propagation."""
