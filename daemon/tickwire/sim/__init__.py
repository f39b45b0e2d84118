"""The paper exchange: a venue of our own that any ITCH 5.0 and OUCH 5.0 client can use."""
