"""The gateway: WebSockets in front of auth and backend. It holds nothing, so there can be several."""
