"""The auth service: users, logins, tokens, and who may do what now."""
