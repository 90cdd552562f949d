// One MCP client run against a server: connect, list the tools, call one, print one JSON line.
// `--sdk 1` is `@modelcontextprotocol/sdk`, `--sdk 2` is `@modelcontextprotocol/client`. See ../README.md.
import { parseArgs } from "node:util";

const TIMEOUT_MS = 20_000;

class SetupError extends Error {}

function readOptions() {
  const { values } = parseArgs({
    options: {
      sdk: { type: "string" },
      url: { type: "string" },
      protocol: { type: "string" },
      call: { type: "string", default: "whoami" },
      args: { type: "string", default: "{}" },
      trace: { type: "boolean", default: false },
    },
  });
  if (!values.url) throw new SetupError("--url is required");
  if (values.sdk !== "1" && values.sdk !== "2") throw new SetupError("--sdk must be 1 or 2");
  const protocol = values.protocol ?? (values.sdk === "1" ? "legacy" : "auto");
  if (values.sdk === "1" && protocol !== "legacy") throw new SetupError("the 1.x SDK speaks only --protocol legacy");
  return { ...values, url: new URL(values.url), args: JSON.parse(values.args), protocol, headers: credential() };
}

/** The credential comes from the environment: an argument would show in the process list. */
function credential() {
  const header = process.env.DOORWARD_TEST_HEADER;
  if (!header) return {};
  const colon = header.indexOf(":");
  if (colon < 1) throw new SetupError("DOORWARD_TEST_HEADER must read `name: value`");
  return { [header.slice(0, colon).trim()]: header.slice(colon + 1).trim() };
}

async function makeClient(options, fetch) {
  const info = { name: "doorward-test-client", version: "0.1.0" };
  const transportOptions = { requestInit: { headers: options.headers }, fetch };
  if (options.sdk === "1") {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    return { client: new Client(info), transport: new StreamableHTTPClientTransport(options.url, transportOptions) };
  }
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const mode = ["auto", "legacy"].includes(options.protocol) ? options.protocol : { pin: options.protocol };
  return {
    client: new Client(info, { versionNegotiation: { mode } }),
    transport: new StreamableHTTPClientTransport(options.url, transportOptions),
  };
}

/** A `fetch` that changes nothing and notes what went over the wire. */
function recordingFetch(wire) {
  return async (url, init = {}) => {
    const method = init.method ?? "GET";
    const headers = new Headers(init.headers);
    const note = { method, status: null, rpc: method === "POST" ? (JSON.parse(init.body).method ?? null) : null };
    for (const name of ["mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id"]) {
      if (headers.has(name)) note[name] = headers.get(name);
    }
    wire.push(note);
    const response = await fetch(url, init);
    note.status = response.status;
    return response;
  };
}

async function listTools(client) {
  const names = [];
  let cursor;
  do {
    const page = await client.listTools(cursor ? { cursor } : undefined);
    names.push(...page.tools.map((tool) => tool.name));
    cursor = page.nextCursor;
  } while (cursor);
  return names.sort();
}

function textOf(result) {
  return (result.content ?? []).flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

function valueOf(result) {
  if (result.structuredContent !== undefined) return result.structuredContent;
  const text = textOf(result);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The SDKs tell the status in three ways, or not at all: so it is the one on the wire, and the error is theirs. */
function describe(error, wire) {
  const last = wire.findLast((note) => note.rpc !== null)?.status ?? null;
  const isRpcError = ["McpError", "ProtocolError"].includes(error?.constructor?.name);
  return {
    status: last !== null && last >= 400 ? last : null,
    code: isRpcError ? error.code : null,
    error: `${error?.name ?? "Error"}: ${error?.message ?? error}`,
  };
}

async function run(options, wire) {
  const { client, transport } = await makeClient(options, recordingFetch(wire));
  let stage = "connect";
  try {
    await client.connect(transport);
    const protocol = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion;
    stage = "list";
    const tools = await listTools(client);
    stage = "call";
    const result = await client.callTool({ name: options.call, arguments: options.args });
    if (result.isError) return { ok: false, stage, status: null, code: null, error: textOf(result), protocol };
    stage = "close";
    await transport.terminateSession();
    return { ok: true, tools, result: valueOf(result), protocol };
  } catch (error) {
    return { ok: false, stage, ...describe(error, wire) };
  } finally {
    await client.close().catch(() => {});
  }
}

function finish(outcome, exitCode) {
  process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(exitCode));
}

const wire = [];
setTimeout(() => finish({ ok: false, stage: "timeout", status: null, code: null, error: "timed out", wire }, 2), TIMEOUT_MS);
try {
  const options = readOptions();
  const outcome = await run(options, wire);
  if (options.trace) outcome.wire = wire;
  // A refusal is an answer. Where nothing answered, the set-up is broken and no test may take it for a refusal.
  finish(outcome, outcome.ok || wire.some((note) => note.status !== null) ? 0 : 2);
} catch (error) {
  finish({ ok: false, stage: "setup", status: null, code: null, error: String(error?.message ?? error) }, 2);
}
