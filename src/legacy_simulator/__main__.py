"""`python -m legacy_simulator --port P --state-dir DIR [--host H]`"""

import argparse
from pathlib import Path

import uvicorn

from legacy_simulator.app import create_app


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="legacy_simulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--state-dir", type=Path, required=True, help="where the ledger lives")
    arguments = parser.parse_args()
    arguments.state_dir.mkdir(parents=True, exist_ok=True)
    app = create_app(arguments.state_dir / "ledger.sqlite3")
    uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
