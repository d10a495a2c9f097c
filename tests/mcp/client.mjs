// Speaks with a server as the official TypeScript SDK does: client.mjs URL|COMMAND...
//
// Lists the tools, calls each with right and wrong arguments, reads resources, gets prompts and
// completes a name, in every revision that the SDK speaks: of version 2 (`client`), or with
// MCP_SDK=1 of version 1 (`sdk`). The SDK validates structured answers against the output schemas.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// Packages are in a cache, not beside this file.
const require = createRequire(join(process.env.NODE_MODULES, 'index.js'));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const first = process.env.MCP_SDK === '1';
const { Client } = await load(first ? '@modelcontextprotocol/sdk/client/index.js' : '@modelcontextprotocol/client');
const { StdioClientTransport } = await load(first ? '@modelcontextprotocol/sdk/client/stdio.js' : '@modelcontextprotocol/client/stdio');
const { StreamableHTTPClientTransport } = await load(first ? '@modelcontextprotocol/sdk/client/streamableHttp.js' : '@modelcontextprotocol/client');

const TOOLS = {
  list_l4_flows: { ns: 'payments', limit: 5 },
  get_l4_flow_summary: { server_kind: 'external' },
  list_connections: { sort: 'bps', limit: 3 },
  list_workloads: { level: 'namespace', state: 'active' },
  get_dependencies: { of: 'checkout', depth: 1 },
};
const REVISIONS = first ? ['2025-11-25', '2025-06-18'] : ['2026-07-28', '2025-11-25', '2025-06-18'];

const [target, ...words] = process.argv.slice(2);

function transport() {
  if (target.startsWith('http')) return new StreamableHTTPClientTransport(new URL(target));
  return new StdioClientTransport({ command: target, args: words, stderr: 'ignore' });
}

// A client of one revision: version 2 is told which, version 1 has it in its greeting.
async function connect(revision) {
  const modern = revision === '2026-07-28';
  const options = modern
    ? { versionNegotiation: { mode: { pin: revision } } }
    : { supportedProtocolVersions: [revision] };
  const client = new Client({ name: 'test', version: '1' }, options);
  if (first) {
    const send = client.request.bind(client);
    client.request = (request, ...rest) => {
      if (request.method === 'initialize') request.params.protocolVersion = revision;
      return send(request, ...rest);
    };
  }
  await client.connect(transport());
  return client;
}

async function converse(client) {
  const { tools } = await client.listTools();
  const names = tools.map((tool) => tool.name);
  // Tools may come with further operations: those that are known must be there.
  for (const name of Object.keys(TOOLS)) assert(names.includes(name), `${name} is missing`);
  for (const [name, args] of Object.entries(TOOLS)) {
    const right = await client.callTool({ name, arguments: args });
    assert(!right.isError, JSON.stringify(right));
    assert.deepEqual(JSON.parse(right.content[0].text), right.structuredContent);
    const wrong = await client.callTool({ name, arguments: { dst_filter: 'x' } });
    assert(wrong.isError && wrong.content[0].text.includes('server_svc'), JSON.stringify(wrong));
  }
  assert.equal((await client.listPrompts()).prompts.length, 4);
  const prompt = await client.getPrompt({ name: 'show_topology', arguments: { ns: 'shop' } });
  assert(prompt.messages[0].content.text.includes('"shop"'));
  for (const uri of ['pilotfish://summary', 'pilotfish://questions', 'pilotfish://namespaces/shop']) {
    assert((await client.readResource({ uri })).contents[0].text);
  }
  const { resourceTemplates } = await client.listResourceTemplates();
  const { completion } = await client.complete({
    ref: { type: 'ref/resource', uri: resourceTemplates[0].uriTemplate },
    argument: { name: 'namespace', value: 'pay' },
  });
  assert.deepEqual(completion.values, ['payments']);
}

for (const revision of REVISIONS) {
  const client = await connect(revision);
  await converse(client);
  await client.close();
}
console.log(`typescript sdk ${first ? 1 : 2}: ${REVISIONS.join(', ')}`);
