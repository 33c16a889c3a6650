"""The inbox: what a shop posts (events, items, links, consents), checked and put into the store."""
