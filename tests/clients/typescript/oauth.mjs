// An MCP client with OAuth, driven line by line: a JSON command in, a JSON outcome out. See ../README.md.
// `--sdk 1` is `@modelcontextprotocol/sdk`, `--sdk 2` is `@modelcontextprotocol/client`.
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

/** Nobody listens there: the answer is read from the redirect itself. */
const REDIRECT_URL = "http://127.0.0.1:9/callback";

const { values: options } = parseArgs({
  options: { sdk: { type: "string" }, url: { type: "string" }, protocol: { type: "string", default: "legacy" } },
});
const url = new URL(options.url);
const sdk =
  options.sdk === "1"
    ? {
        ...(await import("@modelcontextprotocol/sdk/client/index.js")),
        ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
        ...(await import("@modelcontextprotocol/sdk/client/auth.js")),
      }
    : await import("@modelcontextprotocol/client");

/** What went over the wire since the last command: who was asked for what, and what the answer was. */
let wire = [];

async function recordingFetch(to, init = {}) {
  const { origin, pathname } = new URL(to);
  const note = { to: origin === url.origin ? "server" : "issuer", method: init.method ?? "GET", path: pathname };
  const body = typeof init.body === "string" ? JSON.parse(init.body) : null;
  if (body?.method) note.rpc = body.method;
  note.credential = new Headers(init.headers).has("authorization");
  wire.push(note);
  try {
    const response = await fetch(to, init);
    note.status = response.status;
    if (response.headers.has("www-authenticate")) note.challenge = response.headers.get("www-authenticate");
    return response;
  } catch (error) {
    note.status = 0;
    throw error;
  }
}

/** What else every request carries: from the environment, for an argument would show in the process list. */
function furtherHeaders() {
  const header = process.env.DOORWARD_TEST_HEADER;
  if (!header) return {};
  const colon = header.indexOf(":");
  return { [header.slice(0, colon).trim()]: header.slice(colon + 1).trim() };
}

/** Keeps everything in memory. It has no browser: it asks for consent itself and reads where it was sent. */
class Provider {
  redirectUrl = REDIRECT_URL;
  clientMetadata = {
    client_name: "doorward-test-client",
    redirect_uris: [REDIRECT_URL],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  /** The parameters of the last redirect back, until somebody takes them. */
  answer = null;

  state = () => (this.expectedState = crypto.randomUUID());
  clientInformation = () => this.client;
  saveClientInformation = (client) => void (this.client = client);
  tokens = () => this.saved;
  saveTokens = (tokens) => void (this.saved = tokens);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => void (this.verifier = verifier);
  discoveryState = () => this.discovered;
  saveDiscoveryState = (discovered) => void (this.discovered = discovered);

  invalidateCredentials(scope) {
    if (scope === "all" || scope === "client") this.client = undefined;
    if (scope === "all" || scope === "tokens") this.saved = undefined;
  }

  async redirectToAuthorization(to) {
    const response = await recordingFetch(to, { redirect: "manual" });
    const answer = new URL(response.headers.get("location")).searchParams;
    if (answer.get("state") !== this.expectedState) throw new Error("the answer is to another question");
    this.answer = answer;
  }

  /** Ends what a redirect began, as an application does when its user comes back. */
  async finish(transport) {
    const answer = this.answer;
    this.answer = null;
    if (options.sdk === "2") return transport.finishAuth(answer);
    // 1.x takes the code alone, so who sent it (RFC 9207) is ours to see to.
    if (answer.get("iss") !== new URL(this.discovered.authorizationServerMetadata.issuer).origin) {
      throw new Error("the answer is another issuer's");
    }
    if (!answer.has("code")) throw new Error(`no code: ${answer.get("error")}`);
    return transport.finishAuth(answer.get("code"));
  }
}

const provider = new Provider();
let client;
let transport;

function open() {
  const info = { name: "doorward-test-client", version: "0.1.0" };
  const mode = ["auto", "legacy"].includes(options.protocol) ? options.protocol : { pin: options.protocol };
  client = options.sdk === "1" ? new sdk.Client(info) : new sdk.Client(info, { versionNegotiation: { mode } });
  transport = new sdk.StreamableHTTPClientTransport(url, {
    authProvider: provider,
    fetch: recordingFetch,
    requestInit: { headers: furtherHeaders() },
  });
  return client.connect(transport);
}

/** Does something, and once more after a redirect. */
async function authorized(doIt) {
  try {
    return await doIt();
  } catch (error) {
    if (!(error instanceof sdk.UnauthorizedError) || !provider.answer) throw error;
    await provider.finish(transport);
    return await doIt();
  }
}

const commands = {
  connect: async () => {
    await authorized(open);
    return client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion;
  },
  list: async () => (await authorized(() => client.listTools())).tools.map((tool) => tool.name).sort(),
  call: async ({ tool, args }) => {
    const result = await authorized(() => client.callTool({ name: tool, arguments: args ?? {} }));
    if (result.isError) throw new Error(JSON.stringify(result.content));
    return result.structuredContent;
  },
  /** Whether there are tokens, never the tokens themselves. */
  tokens: () => ({ access: !!provider.saved?.access_token, scope: provider.saved?.scope ?? null }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  wire = [];
  let outcome;
  try {
    outcome = { ok: true, result: await commands[command.do](command) };
  } catch (error) {
    outcome = { ok: false, error: `${error?.name ?? "Error"}: ${error?.message ?? error}` };
  }
  process.stdout.write(`${JSON.stringify({ ...outcome, wire })}\n`);
}
process.exit(0);
