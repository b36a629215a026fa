"""Greenhouse is a provider that declares an option of each sort, for the form that the pages make of them. It opens nothing."""
import json, sys

options = [
    {"name": "room", "type": "choice", "choices": ["north", "south", "cellar"], "default": "south", "help": "which room the plants are in"},
    {"name": "password", "type": "string", "secret": True, "help": "what the door is opened with"},
    {"name": "rows", "type": "int", "default": "12", "help": "how many rows there are"},
    {"name": "water-by-itself", "type": "bool", "help": "water them when nobody is there"},
    {"name": "labels", "type": "list", "help": "names of plants, with commas"},
    {"name": "largest-pot", "type": "size", "help": "pots that are larger take no part"},
]
declaration = {"protocol": 1, "name": "greenhouse", "title": "Plants of a greenhouse", "help": "What grows in a greenhouse, as its control tells it over the network. Type the address of the control.",
               "examples": ["greenhouse:control.example.org/glass"], "kinds": ["x-plant"], "icon": "row", "options": options, "features": {}}

for line in sys.stdin:
    request = json.loads(line)
    answers = [{"declaration": declaration}] if request["do"] == "declare" else []
    end = {"end": True} if answers else {"end": True, "error": {"kind": "unreadable", "text": "the control does not answer", "remedy": "look whether it is switched on"}}
    for answer in answers + [end]:
        sys.stdout.write(json.dumps({"id": request["id"], **answer}) + "\n")
    sys.stdout.flush()
