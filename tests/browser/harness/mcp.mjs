// JSON-RPC bodies and the requests that carry them.

const HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

export function rpc(method, params = {}) {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
}

export const WHOAMI = rpc("tools/call", { name: "whoami", arguments: {} });
export const INITIALIZE = rpc("initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "doorward-test-page", version: "0.1.0" },
});

/** A POST as fetch takes it. */
export function post(body, headers = {}, more = {}) {
  return { method: "POST", headers: { ...HEADERS, ...headers }, body, ...more };
}

/** The answer's JSON, whether it came as such or as the one event of a stream. */
export function json(body) {
  const data = /^data: ?(\{.*)$/m.exec(body);
  return JSON.parse(data ? data[1] : body);
}

/** Whom `whoami` names: by structure, or as the first word of a text. */
export function idIn({ structuredContent, content }) {
  return structuredContent?.id ?? content[0].text.split(" ")[0];
}
