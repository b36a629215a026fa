"""Jots is a provider in Python, with nothing but the protocol: a folder with one JSON file per jot."""
import base64, hashlib, json, os, sys, urllib.parse

root = None


def tell(id, **answer):
    sys.stdout.write(json.dumps({"id": id, **answer}) + "\n")
    sys.stdout.flush()


def path(name):
    return os.path.join(root, urllib.parse.quote(name, safe="") + ".json")


def version(body):
    return hashlib.sha256(body).hexdigest()


def read(name):
    try:
        with open(path(name), "rb") as f:
            return f.read()
    except FileNotFoundError:
        return None


def there():
    """An error if the folder is not there: that is not the same as an empty one."""
    if not os.path.isdir(root):
        raise Trouble("unreadable", "the folder is not there", "plug the disk in")


class Trouble(Exception):
    def __init__(self, kind, text, remedy=""):
        self.fault = {"kind": kind, "text": text, "remedy": remedy}


def apply(w):
    name = w.get("id") or hashlib.sha256(w.get("marker", "").encode()).hexdigest()[:16]
    if len(urllib.parse.quote(name, safe="")) > 200:
        return {"status": "rejected", "id": name, "error": {"kind": "invalid", "text": "the name is too long"}}
    old = read(name)
    if (w["op"] == "create") != (old is None) or old is not None and version(old) != w.get("if"):
        return {"status": "precondition-failed", "id": name, "error": {"kind": "changed", "text": "it is not what it was"}}
    if w["op"] == "delete":
        os.remove(path(name))
        return {"status": "applied", "id": name}
    body = base64.b64decode(w["record"].get("body", ""))
    with open(path(name) + ".new", "wb") as f:
        f.write(body)
        f.flush()
        os.fsync(f.fileno())
    os.replace(path(name) + ".new", path(name))
    return {"status": "applied", "id": name, "version": version(body), "size": len(body)}


def do(r):
    global root
    id, what = r.get("id"), r["do"]
    if what == "declare":
        tell(id, declaration={"protocol": 1, "name": "jots", "title": "Jots", "help": "A folder with a JSON file for each jot.", "examples": ["jots:~/jots"],
                              "kinds": ["x-jot"], "local": True, "features": {"max_size": 8 << 20}})
    elif what == "open":
        root = r["place"]["path"]
        tell(id, opened={"kind": "x-jot", "features": {"max_size": 8 << 20}})
    elif what == "identity":
        there()
        tell(id, identity={"store": root})
    elif what == "changes":
        there()
        names = [urllib.parse.unquote(n[:-5]) for n in os.listdir(root) if n.endswith(".json")]
        found = [(n, read(n)) for n in names]
        tell(id, changes=[{"id": n, "version": version(b), "size": len(b)} for n, b in found if b is not None], listing={"complete": True, "full": True})
    elif what == "fetch":
        there()
        for n in r["ids"]:
            b = read(n)
            if b is None:
                tell(id, record={"id": n, "error": {"kind": "not-found", "text": "it is gone"}})
            else:
                tell(id, record={"id": n, "version": version(b), "size": len(b), "body": base64.b64encode(b).decode()})
    elif what == "apply":
        there()
        tell(id, outcomes=[apply(w) for w in r.get("writes", [])])
    elif what == "find":
        w = r["writes"][0]
        name = w.get("id") or hashlib.sha256(w.get("marker", "").encode()).hexdigest()[:16]
        b = read(name)
        if b is not None and b == base64.b64decode(w["record"].get("body", "")):
            tell(id, arrived=True, outcomes=[{"status": "applied", "id": name, "version": version(b), "size": len(b)}])


for line in sys.stdin:
    request = json.loads(line)
    if request["do"] in ("cancel", "answer"):
        continue
    try:
        do(request)
        tell(request["id"], end=True)
    except Trouble as e:
        tell(request["id"], end=True, error=e.fault)
    except Exception as e:
        tell(request["id"], end=True, error={"kind": "unreadable", "text": str(e)})
