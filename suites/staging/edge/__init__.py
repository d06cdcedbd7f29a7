"""The edge: a reverse proxy in front of all services, as a load balancer would stand there."""
