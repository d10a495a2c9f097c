#!/usr/bin/env python3
"""Asks a running server every question of docs/questions.md, one call each: questions.py URL [WORD=NAME...]

Each answer must fit into the default budget, and hold rows or say why there are none. `WORD=NAME` puts names of another cluster
in the place of those of the page.
"""

import json
import re
import sys
import urllib.parse
import urllib.request
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs/questions.md"
TOOLS = {
    "flows": "list_l4_flows",
    "flows/summary": "get_l4_flow_summary",
    "connections": "list_connections",
    "workloads": "list_workloads",
    "dependencies": "get_dependencies",
}
BUDGET = 4_000 * 3


def call(url, tool, arguments):
    body = json.dumps({"name": tool, "arguments": arguments}).encode()
    request = urllib.request.Request(
        f"{url}/api/mcp/tools/call", body, {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request) as response:
            return response.read().decode().strip()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{tool} {arguments}: {error.read().decode()}") from None


def main():
    url, *names = sys.argv[1:]
    names = dict(name.split("=", 1) for name in names)
    sections = PAGE.read_text().split("\n## ")[1:]
    for section in sections:
        question = section.splitlines()[0]
        target = re.search(r"^curl 'localhost:8898/mcp/([^']*)'$", section, re.MULTILINE)[1]
        path, query = target.split("?", 1)
        for word, name in names.items():
            query = re.sub(rf"\b{re.escape(word)}\b", name, query)
        arguments = dict(urllib.parse.parse_qsl(query, strict_parsing=True))
        text = call(url, TOOLS[path], arguments)
        answer = json.loads(text)
        size = len(text.encode())
        shown = answer.get("shown", answer.get("total_flows"))
        print(f"{size:6} octets, {shown} of {answer.get('total', shown)} {answer.get('rows_are', '')}: {question}")
        if size > BUDGET:
            raise SystemExit(f"{question}: {size} octets, expected at most {BUDGET}")
        if not shown and "no_match" not in answer:
            raise SystemExit(f"{question}: nothing is shown: {text}")


main()
