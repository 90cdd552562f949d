// What a page does, for the tests to call: plain requests, and the official clients in the page.
import { Client as Client2, StreamableHTTPClientTransport as Transport2 } from "@modelcontextprotocol/client";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Transport1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const INFO = { name: "doorward-test-page", version: "0.1.0" };

/** One request by fetch: all that the page is let to know of the answer, or the error's name. */
globalThis.ask = async (url, init) => {
  try {
    const response = await fetch(url, init);
    const { status, type } = response;
    return { status, type, headers: Object.fromEntries(response.headers), body: await response.text() };
  } catch (error) {
    return { error: error.name };
  }
};

/** Connects, lists the tools, calls one. */
globalThis.call = async ({ sdk, protocol, url, headers, tool, args = {} }) => {
  const options = { requestInit: { headers } };
  const mode = ["auto", "legacy"].includes(protocol) ? protocol : { pin: protocol };
  const client = sdk === "1" ? new Client1(INFO) : new Client2(INFO, { versionNegotiation: { mode } });
  const transport = new (sdk === "1" ? Transport1 : Transport2)(new URL(url), options);
  let stage = "connect";
  try {
    await client.connect(transport);
    const revision = client.getNegotiatedProtocolVersion?.() ?? transport.protocolVersion;
    stage = "list";
    const { tools } = await client.listTools();
    stage = "call";
    const result = await client.callTool({ name: tool, arguments: args });
    return { tools: tools.map(({ name }) => name), result, revision };
  } catch (error) {
    return { stage, error: error.name, status: error.code ?? error.status ?? null, message: error.message };
  } finally {
    await client.close().catch(() => {});
  }
};

/** Every other way by which a page has something sent. Each ends when there is nothing more to wait for. */
globalThis.ways = {
  xhr: (url, body, headers) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", url);
      request.withCredentials = true;
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.onloadend = () => resolve({ status: request.status, body: request.responseText });
      request.send(body);
    }),
  beacon: (url, body) => navigator.sendBeacon(url, new Blob([body], { type: "text/plain" })),
  /** A form whose one field is the body but for a `=`, into a frame. */
  form: (url, body) =>
    new Promise((resolve) => {
      const frame = Object.assign(document.createElement("iframe"), { name: "answer" });
      document.body.append(frame);
      const form = Object.assign(document.createElement("form"), { method: "POST", action: url });
      Object.assign(form, { enctype: "text/plain", target: "answer" });
      const [name, value] = body.split("=");
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
      document.body.append(form);
      frame.onload = () => {
        // Its own empty document comes first; what is another origin's cannot be read.
        if (frame.contentDocument === null) resolve({ readable: false });
      };
      form.submit();
    }),
  events: (url) =>
    new Promise((resolve) => {
      const source = new EventSource(url, { withCredentials: true });
      source.onopen = () => resolve({ opened: true });
      source.onerror = () => resolve({ opened: false, closed: source.readyState === EventSource.CLOSED });
    }),
  socket: (url) =>
    new Promise((resolve) => {
      const socket = new WebSocket(url.replace("http:", "ws:"));
      socket.onopen = () => resolve({ opened: true });
      socket.onerror = () => resolve({ opened: false });
    }),
  image: (url) =>
    new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve({ loaded: true });
      image.onerror = () => resolve({ loaded: false });
      image.src = url;
    }),
};
