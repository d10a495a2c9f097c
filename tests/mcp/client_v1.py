"""Speaks with a server as version 1 of the official Python SDK does: client_v1.py URL|COMMAND..."""

import asyncio
import json
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client

CALLS = {
    "list_l4_flows": {"ns": "payments", "limit": 5},
    "get_l4_flow_summary": {"server_kind": "external"},
    "list_connections": {"sort": "bps", "limit": 3},
    "list_workloads": {"level": "namespace", "state": "active"},
    "get_dependencies": {"of": "checkout", "depth": 1},
}


async def converse(session):
    greeting = await session.initialize()
    tools = {tool.name for tool in (await session.list_tools()).tools}
    assert CALLS.keys() <= tools, tools
    for name, arguments in CALLS.items():
        result = await session.call_tool(name, arguments)
        assert not result.isError, result
        assert json.loads(result.content[0].text) == result.structuredContent, name
        wrong = await session.call_tool(name, {"dst_filter": "x"})
        assert wrong.isError and "server_svc" in wrong.content[0].text, wrong
    return greeting.protocolVersion


async def main():
    target, *arguments = sys.argv[1:]
    if target.startswith("http"):
        transport = streamablehttp_client(target)
    else:
        transport = stdio_client(StdioServerParameters(command=target, args=arguments))
    async with transport as (read, write, *_), ClientSession(read, write) as session:
        print("python sdk 1:", await converse(session))


asyncio.run(main())
