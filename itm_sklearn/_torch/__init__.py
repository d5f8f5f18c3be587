"""Everything that touches torch: device, precision, weights, networks, batches.

Rooms import these modules inside functions, so that torch loads on first use.
"""
