"""HAProxy as load balancer and as the source of what is counted: one vendor in several files."""
