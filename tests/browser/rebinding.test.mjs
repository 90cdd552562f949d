// DNS rebinding: a page's own name comes to mean this machine, so that its calls are of one origin and no CORS stands
// in their way. The server sees a Host that is not its own.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { openBrowser, openPage } from "./harness/browser.mjs";
import { USER_KEY } from "./harness/credentials.mjs";
import { INITIALIZE, json, post } from "./harness/mcp.mjs";
import { Relay } from "./harness/relay.mjs";
import { Server, SERVERS } from "./harness/servers.mjs";
import { Site } from "./harness/sites.mjs";

for (const kind of SERVERS) {
  describe(`${kind.name}, under a page's own name`, () => {
    let server, browser;
    before(async () => {
      server = await Server.start(kind);
      browser = await openBrowser();
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
    });

    /** Asks from a page whose site is gone meanwhile and has the server at its address; what it got and what came. */
    async function rebound(name) {
      const site = await Site.listen();
      const page = await openPage(browser, site.at(name));
      await site.close();
      const relay = await Relay.listen(site.port);
      relay.to(server.port);
      try {
        const ask = (init) => page.evaluate((init) => globalThis.ask("/mcp", init), init);
        const key = { "x-api-key": USER_KEY };
        const got = [await ask(post(INITIALIZE, key)), await ask(post(INITIALIZE)), await ask({ headers: key })];
        return { got, came: relay.take(), host: `${name}:${relay.port}` };
      } finally {
        await page.context().close();
        await relay.close();
      }
    }

    test("another's name is refused, with a good key too", async () => {
      for (const name of ["evil.example", "localhost.evil.example", "localhost."]) {
        const { got, came, host } = await rebound(name);
        assert.deepEqual(got.map(({ status }) => status), [403, 403, 403], name);
        for (const { body } of got) assert.equal(JSON.parse(body).error, "origin_not_allowed");
        assert.deepEqual(came.map(({ method }) => method), ["POST", "POST", "GET"]);
        for (const { headers } of came) assert.equal(headers.host, host);
        // A browser says no origin when it gets something from where the page is: the Host alone tells.
        const origin = `http://${host}`;
        assert.deepEqual(came.map(({ headers }) => headers.origin), [origin, origin, undefined]);
      }
    });

    test("its own name is not", async () => {
      for (const name of ["localhost", "127.0.0.1"]) {
        const { got } = await rebound(name);
        assert.deepEqual(got.slice(0, 2).map(({ status }) => status), [200, 401], name);
        assert.equal(json(got[0].body).result.protocolVersion, "2025-11-25");
        // No stream is to be had there, and nobody is kept out of it.
        assert.ok(![401, 403].includes(got[2].status), `${got[2].status}`);
      }
    });
  });
}
