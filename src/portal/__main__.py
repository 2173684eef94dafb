"""`python -m portal --port P [--host H]`; the rest of its configuration comes from the environment."""

import argparse

import uvicorn

from portal.app import create_app
from portal.connections import ImpatientProtocol
from portal.services import Services
from portal.settings import Settings


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="portal", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    arguments = parser.parse_args()
    app = create_app(Services.of(Settings.from_env()))
    # A stream of events never ends by itself: a stop does not wait for it.
    uvicorn.run(
        app,
        host=arguments.host,
        port=arguments.port,
        http=ImpatientProtocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
