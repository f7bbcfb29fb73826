"""The command line: load until the time is over, or until SIGTERM or SIGINT."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from .asking import Options
from .sending import run


def _options(arguments: list[str]) -> Options:
    given = Options(url="")
    parser = argparse.ArgumentParser(description="Offer load to the orders service, open loop.")
    add = parser.add_argument
    add("--url", required=True, help="where the service or its load balancer is")
    add("--rate", type=float, default=given.rate, help="requests per second (%(default)s)")
    add("--seed", type=int, default=given.seed, help="same seed, same schedule (%(default)s)")
    add("--seconds", type=float, help="how long (until SIGTERM or SIGINT)")
    add("--out", type=Path, default=Path("-"), help="file for JSON lines (standard output)")
    add("--without-courier", type=float, default=given.without_courier, metavar="SHARE")
    add("--tracking", action="store_true", help="also ask for tracking, new in v1.2.0")
    add("--plain", metavar="PATH", help="only ask for PATH, without signing in")
    add("--post-share", type=float, default=given.post_share, help="with --plain: how many POSTs")
    add("--customers", type=int, default=given.customers, help="how many (%(default)s)")
    return Options(**vars(parser.parse_args(arguments)))


async def _until_signal(options: Options) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(options, stop)


def main() -> None:
    """Run from the command line."""
    asyncio.run(_until_signal(_options(sys.argv[1:])))


main()
