"""The demonstration: a paper exchange and the appliance, side by side."""
