"""The backend service: threads, messages, agents, runs and tools."""
