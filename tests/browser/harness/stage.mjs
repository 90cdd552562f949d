// A server that lists two origins, sites at these and at others, and a browser to open their pages.
import assert from "node:assert/strict";
import { openBrowser, openPage } from "./browser.mjs";
import { USER_KEY } from "./credentials.mjs";
import { INITIALIZE, post } from "./mcp.mjs";
import { Relay } from "./relay.mjs";
import { Server } from "./servers.mjs";
import { Site } from "./sites.mjs";

export class Stage {
  #pages = [];

  static async set(kind, settings = {}) {
    const stage = new Stage();
    try {
      [stage.site, stage.other, stage.relay] = await Promise.all([Site.listen(), Site.listen(), Relay.listen()]);
      // The server is called by its address, where no page is from.
      stage.base = `http://127.0.0.1:${stage.relay.port}`;
      stage.url = `${stage.base}/mcp`;
      stage.app = stage.site.at("app.example");
      stage.local = stage.site.at("localhost");
      stage.evil = stage.site.at("evil.example");
      // As near to a listed one as it gets: the same name, another port.
      stage.nearby = stage.other.at("localhost");
      const origins = `${stage.app}, ${stage.local}`;
      stage.server = await Server.start(kind, { CORS_ORIGINS: origins, PUBLIC_URL: stage.url, ...settings });
      stage.relay.to(stage.server.port);
      stage.browser = await openBrowser();
    } catch (error) {
      await stage.strike();
      throw error;
    }
    return stage;
  }

  /** A page of that origin, or at that address, in a fresh profile. */
  async page(url) {
    const page = await openPage(this.browser, url);
    this.#pages.push(page);
    return page;
  }

  /** One request of a page by fetch. */
  async ask(page, init, url = this.url) {
    return page.evaluate(([url, init]) => globalThis.ask(url, init), [url, init]);
  }

  /** The units that the user key has left, counted without a browser; asking takes one. */
  async left() {
    const answer = await fetch(`http://127.0.0.1:${this.server.port}/mcp`, post(INITIALIZE, { "x-api-key": USER_KEY }));
    assert.equal(answer.status, 200);
    return Number(answer.headers.get("x-ratelimit-remaining"));
  }

  /** Ends with the pages that a test opened, and with what they had sent. */
  async clear() {
    await Promise.all(this.#pages.splice(0).map((page) => page.context().close()));
    this.relay.take();
  }

  async strike() {
    await this.browser?.close();
    await Promise.all([this.site, this.other, this.relay].map((one) => one?.close()));
    await this.server?.stop();
  }
}
