// Stands between the browser and a server, changes nothing, and notes what came and what was answered: preflights,
// beacons and frames too, which a page cannot tell of.
import { EventEmitter, once } from "node:events";
import { createServer, request } from "node:http";

/** An address that is known before its server is: a server's own URL is part of its configuration. */
export class Relay {
  /** Each request that came: method, path, headers; and its answer: status, `answer` for its headers, body. */
  seen = [];
  #server;
  #target;
  #answered = new EventEmitter();

  /** @param {number} port of loopback; 0 for a free one */
  static async listen(port = 0) {
    const relay = new Relay();
    relay.#server = createServer((incoming, outgoing) => relay.#pass(incoming, outgoing));
    relay.port = await listening(relay.#server, port);
    return relay;
  }

  /** Where requests go on to, on loopback. */
  to(port) {
    this.#target = port;
  }

  /** What came since this was asked last. */
  take() {
    return this.seen.splice(0);
  }

  /** Settles once another request was answered. */
  next() {
    return once(this.#answered, "answered");
  }

  close() {
    return closed(this.#server);
  }

  #pass(incoming, outgoing) {
    const note = { method: incoming.method, path: incoming.url, headers: incoming.headers, body: "" };
    this.seen.push(note);
    const onward = request({
      host: "127.0.0.1",
      port: this.#target,
      method: incoming.method,
      path: incoming.url,
      // As they came: spelling, order, repetitions.
      headers: incoming.rawHeaders,
      setHost: false,
    });
    onward.on("response", (answer) => {
      note.status = answer.statusCode;
      note.answer = answer.headers;
      outgoing.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
      answer.on("data", (chunk) => (note.body += chunk));
      answer.on("end", () => this.#answered.emit("answered"));
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  }
}

/** Its port, once it listens there. */
export function listening(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server.address().port));
  });
}

export function closed(server) {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}
