"""Measurements and reproductions: what is run to get a number, and the card that says how it was got."""
