"""Sessions with venues beside the order path: SoupBinTCP in asyncio, and the drop copy that follows it."""
