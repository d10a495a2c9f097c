"""Plain objects as YAML, in the order and indentation of `kubectl get -o yaml`."""

import re

PLAIN = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_./:@-]*")
# Words that YAML readers would take for something else than a string.
TAKEN = re.compile(
    r"y|n|yes|no|on|off|true|false|null|~|\.|[0-9_]*\.?[0-9_]*([eE][-+]?[0-9]+)?|.*:|[0-9]+(:[0-9]+)+"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|0[xob].*",
    re.IGNORECASE,
)


def scalar(value):
    if value is True or value is False:
        return str(value).lower()
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if PLAIN.fullmatch(value) and not TAKEN.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def lines(value, indent=""):
    """The lines of a mapping or a list; keys sorted, as the API server prints them."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from entry(f"{indent}{scalar(key)}:", value[key], indent)
    else:
        for item in value:
            yield from listed(item, indent)


def entry(head, value, indent):
    if isinstance(value, (dict, list)) and value:
        yield head
        # kubectl does not indent lists below their key.
        yield from lines(value, indent if isinstance(value, list) else indent + "  ")
    elif isinstance(value, dict):
        yield f"{head} {{}}"
    elif isinstance(value, list):
        yield f"{head} []"
    else:
        yield f"{head} {scalar(value)}"


def listed(item, indent):
    if isinstance(item, (dict, list)) and item:
        inner = list(lines(item, indent + "  "))
        yield f"{indent}- {inner[0].lstrip()}"
        yield from inner[1:]
    else:
        yield f"{indent}- {scalar(item)}"


def document(value):
    return "\n".join(lines(value)) + "\n"
