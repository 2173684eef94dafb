"""write a note about an order; 'mtd order' shows it in the timeline"""

import argparse
import getpass
import urllib.parse

from devenv.console.screen import console, json_flag, print_json
from devenv.console.words import text
from devenv.instance import Instance
from devenv.running import Running


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=text, metavar="NUMBER")
    parser.add_argument("text", type=text, metavar="TEXT", help="the note, which is kept for ever")
    parser.add_argument(
        "--person", default=getpass.getuser(), help="the person who writes (default: the user of this machine)"
    )
    parser.add_argument("--seller", help="the seller's id, where several sellers have an order of that number")
    json_flag(parser)


def run(arguments: argparse.Namespace, instance: Instance) -> int:
    path = f"/orders/{urllib.parse.quote(arguments.number, safe='')}/notes"
    body = {"person": arguments.person, "text": arguments.text, "seller": arguments.seller}
    note = Running.of(instance).orders_api().call("POST", path, body=body)
    if arguments.json:
        print_json(note)
    else:
        console().print(f"Note {note['note_id']} of order {arguments.number} is kept.", highlight=False, markup=False)
    return 0
