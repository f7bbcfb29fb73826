"""Serve: `python -m orders --port 8000`."""

import argparse
import logging
import signal
import sys

import uvicorn


def main() -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests under way and leave with 0."""
    parser = argparse.ArgumentParser(prog="orders", description="Serve the orders service.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--access-log", action="store_true", help="a line for every request")
    options = parser.parse_args()

    # uvicorn finishes its work and then raises the signal once more; being asked is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")

    from orders.app import app  # only now, so that --help and a wrong option answer at once

    uvicorn.run(
        app,
        host=options.host,
        port=options.port,
        access_log=options.access_log,
        # Longer than a load balancer keeps an idle connection, so that it is never this side that
        # closes one just as a request comes in on it.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    main()
