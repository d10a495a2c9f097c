"""Speaks with a server as the official Python SDK does: client.py URL|COMMAND...

Lists the tools, calls each with right and wrong arguments, reads resources, gets prompts and
completes a name, in every revision that the SDK speaks. It validates structured answers itself.
"""

import asyncio
import json
import sys

import mcp.client.session as session
from mcp import Client, StdioServerParameters
from mcp.types import PromptReference, ResourceTemplateReference

TOOLS = {
    "list_l4_flows": {"ns": "payments", "limit": 5},
    "get_l4_flow_summary": {"server_kind": "external"},
    "list_connections": {"sort": "bps", "limit": 3},
    "list_workloads": {"level": "namespace", "state": "active"},
    "get_dependencies": {"of": "checkout", "depth": 1},
}


def right(condition, what):
    if not condition:
        raise AssertionError(what)


async def converse(server, mode):
    async with Client(server, mode=mode) as client:
        if mode != "2026-07-28":  # which takes a revision for granted and discovers nothing
            right("get_l4_flow_summary" in (client.instructions or ""), "no instructions")
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        # Tools may come with further operations: those that are known must be there.
        right(TOOLS.keys() <= tools.keys(), f"tools: {sorted(tools)}")
        for name, tool in tools.items():
            right(tool.annotations.read_only_hint, f"{name} is not read-only")
            right(tool.output_schema["type"] == "object", f"{name} has no output schema")
        for name, arguments in TOOLS.items():
            result = await client.call_tool(name, arguments)
            right(not result.is_error, f"{name}: {result.content}")
            text = json.loads(result.content[0].text)
            right(text == result.structured_content, f"{name}: text is something else")
            wrong = await client.call_tool(name, {"dst_filter": "x"})
            right(wrong.is_error and "server_svc" in wrong.content[0].text, f"{name}: {wrong}")
        prompts = (await client.list_prompts()).prompts
        right(len(prompts) == 4, f"prompts: {prompts}")
        prompt = await client.get_prompt("debug_connection", {"source": "a", "target": "b"})
        right('client_pod="a"' in prompt.messages[0].content.text, "the prompt is not filled in")
        for uri in ("pilotfish://summary", "pilotfish://questions", "pilotfish://namespaces/shop"):
            right((await client.read_resource(uri)).contents[0].text, f"{uri} is empty")
        template = (await client.list_resource_templates()).resource_templates[0].uri_template
        for reference, name in (
            (ResourceTemplateReference(type="ref/resource", uri=template), "namespace"),
            (PromptReference(type="ref/prompt", name="show_topology"), "ns"),
        ):
            completed = await client.complete(reference, {"name": name, "value": "pay"})
            right(completed.completion.values == ["payments"], f"{name}: {completed}")
        return client.protocol_version


def main():
    first, *rest = sys.argv[1:]
    spoken = set()
    for mode, revision in (
        ("legacy", "2025-06-18"),
        ("legacy", "2025-11-25"),
        ("2026-07-28", None),
        ("auto", None),
    ):
        # The SDK asks for the newest revision with a greeting; it takes older ones too.
        if revision:
            session.LATEST_HANDSHAKE_VERSION = revision
        server = first
        if not first.startswith("http"):
            server = StdioServerParameters(command=first, args=rest)
        version = asyncio.run(converse(server, mode))
        right(revision in (None, version), f"{revision} was asked for, {version} is spoken")
        spoken.add(version)
    print("python sdk:", ", ".join(sorted(spoken)))
    right(spoken == {"2025-06-18", "2025-11-25", "2026-07-28"}, f"only {spoken} were spoken")


main()
