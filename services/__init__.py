"""Five services of one shape. None imports another; what they say to each other is in schemas."""
