// A page of any other origin is refused, whatever way it tries, learns nothing and changes nothing.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { USER_KEY } from "./harness/credentials.mjs";
import { INITIALIZE, post, rpc, WHOAMI } from "./harness/mcp.mjs";
import { SERVERS } from "./harness/servers.mjs";
import { Stage } from "./harness/stage.mjs";

const KEY = { "x-api-key": USER_KEY };
/** What a page may send without being asked first. */
const PLAIN = { method: "POST", headers: { "content-type": "text/plain" }, body: WHOAMI };
/** A call with one `=` in it: a form field's name and value. */
const FORM = rpc("tools/call", { name: "whoami", arguments: {}, _meta: { pad: "=" } });
const UNREADABLE = { error: "TypeError" };

/** Refused for its origin, without a word for the browser that would let the page read it or go on. */
function refused(came, origin) {
  const { method, status, headers, body } = came;
  assert.equal(headers.origin, origin);
  silent(came);
  // Some frameworks' CORS answers every preflight, and says who may come only to those that may.
  if (method === "OPTIONS" && status === 204) return;
  assert.equal(status, 403, JSON.stringify(came));
  assert.equal(JSON.parse(body).error, "origin_not_allowed");
}

/** Without that header all others of CORS mean nothing. */
function silent({ answer }) {
  assert.equal(answer["access-control-allow-origin"], undefined);
}

for (const kind of SERVERS) {
  describe(`${kind.name}, called from another origin`, () => {
    let stage;
    before(async () => (stage = await Stage.set(kind)));
    after(() => stage?.strike());
    afterEach(() => stage.clear());

    /** What came while `act` ran; nobody's units but the one by which they are counted may be gone. */
    async function harmless(act) {
      const before = await stage.left();
      stage.relay.take();
      await act();
      const came = stage.relay.take();
      assert.equal(await stage.left(), before - 1);
      assert.ok(came.length > 0, "nothing was sent");
      return came;
    }

    test("a call is refused before it is sent, a good key or not", async () => {
      const page = await stage.page(stage.evil);
      for (const credentials of ["omit", "same-origin", "include"]) {
        for (const headers of [KEY, {}]) {
          const came = await harmless(async () => {
            assert.deepEqual(await stage.ask(page, post(INITIALIZE, headers, { credentials })), UNREADABLE);
            assert.deepEqual(await stage.ask(page, post(WHOAMI, headers, { credentials })), UNREADABLE);
          });
          assert.deepEqual(came.map(({ method }) => method), ["OPTIONS", "OPTIONS"]);
          for (const one of came) refused(one, stage.evil);
        }
      }
    });

    test("what needs no preflight is refused as it comes", async () => {
      const page = await stage.page(stage.evil);
      const way = (name, ...args) => page.evaluate(([name, args]) => globalThis.ways[name](...args), [name, args]);
      const ways = {
        "fetch that reads": async () => assert.deepEqual(await stage.ask(page, PLAIN), UNREADABLE),
        "fetch that does not": async () => {
          const answer = await stage.ask(page, { ...PLAIN, mode: "no-cors", credentials: "include" });
          assert.deepEqual(answer, { status: 0, type: "opaque", headers: {}, body: "" });
        },
        "fetch of a stream": async () => {
          assert.deepEqual(await stage.ask(page, { headers: { accept: "text/event-stream" } }), UNREADABLE);
        },
        "XMLHttpRequest": async () => assert.deepEqual(await way("xhr", stage.url, WHOAMI, {}), { status: 0, body: "" }),
        "beacon": async () => {
          const sent = stage.relay.next();
          assert.equal(await way("beacon", stage.url, WHOAMI), true);
          await sent;
        },
        "form": async () => assert.deepEqual(await way("form", stage.url, FORM), { readable: false }),
        "EventSource": async () => {
          assert.deepEqual(await way("events", stage.url), { opened: false, closed: true });
        },
        "WebSocket": async () => assert.deepEqual(await way("socket", stage.url), { opened: false }),
      };
      for (const [name, act] of Object.entries(ways)) {
        const came = await harmless(act);
        assert.equal(came.length, 1, name);
        assert.notEqual(came[0].method, "OPTIONS", name);
        refused(came[0], stage.evil);
      }
      // The one that says no origin: more of them than an address may fail, and its visitor's own calls still come through.
      const pictures = await harmless(async () => {
        for (let n = 0; n < 40; n += 1) {
          assert.deepEqual(await way("image", `${stage.url}?${n}`), { loaded: false });
        }
      });
      assert.equal(pictures.length, 40);
      for (const came of pictures) {
        assert.deepEqual([came.status, came.headers.origin, came.headers["x-api-key"]], [403, undefined, undefined]);
        silent(came);
      }
    });

    test("who says null is nobody, though the page around it is listed", async () => {
      const script = `<script src="${stage.app}/page.js"></script>`;
      const page = await stage.page(stage.app);
      const sandboxed = await page.evaluate(async (srcdoc) => {
        const frame = Object.assign(document.createElement("iframe"), { srcdoc });
        frame.sandbox = "allow-scripts";
        await new Promise((resolve) => {
          frame.onload = resolve;
          document.body.append(frame);
        });
        return frame.sandbox.value;
      }, script);
      assert.equal(sandboxed, "allow-scripts");
      const data = await stage.page(`data:text/html,${encodeURIComponent(script)}`);
      for (const place of [page.frames()[1], data]) {
        assert.equal(await place.evaluate(() => globalThis.origin), "null");
        for (const init of [post(WHOAMI, KEY), PLAIN, { method: "GET" }]) {
          const came = await harmless(async () => assert.deepEqual(await stage.ask(place, init), UNREADABLE));
          assert.equal(came.length, 1);
          refused(came[0], "null");
        }
      }
      // A listed page's own request, once another site has sent it on.
      const detour = `${stage.evil}/to?${encodeURIComponent(stage.url)}`;
      for (const init of [PLAIN, { method: "GET" }]) {
        const came = await harmless(async () => {
          assert.deepEqual(await stage.ask(page, init, detour), UNREADABLE);
        });
        assert.equal(came.length, 1);
        refused(came[0], "null");
      }
    });

    test("a page of this machine that is not listed gets no CORS", async () => {
      const page = await stage.page(stage.nearby);
      const asked = await harmless(async () => {
        for (const init of [post(INITIALIZE, KEY), post(WHOAMI, KEY, { credentials: "include" })]) {
          assert.deepEqual(await stage.ask(page, init), UNREADABLE);
        }
      });
      assert.deepEqual(asked.map(({ method }) => method), ["OPTIONS", "OPTIONS"]);
      // It may call a server on the same machine, and has no credential that it could send without being asked.
      const [came] = await harmless(async () => assert.deepEqual(await stage.ask(page, PLAIN), UNREADABLE));
      assert.deepEqual([came.status, came.headers.origin], [401, stage.nearby]);
      for (const one of [...asked, came]) silent(one);
    });

    test("the official clients get nowhere", async () => {
      for (const origin of [stage.evil, stage.nearby]) {
        const page = await stage.page(origin);
        for (const [sdk, protocol] of [["1", "legacy"], ["2", "auto"], ["2", "legacy"], ["2", "2026-07-28"]]) {
          const options = { sdk, protocol, url: stage.url, headers: KEY, tool: "whoami" };
          const came = await harmless(async () => {
            const outcome = await page.evaluate((options) => globalThis.call(options), options);
            assert.equal(outcome.stage, "connect", JSON.stringify(outcome));
          });
          for (const one of came) {
            assert.equal(one.method, "OPTIONS");
            silent(one);
          }
        }
      }
    });
  });
}
