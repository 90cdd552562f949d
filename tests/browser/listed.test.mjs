// A page of a listed origin can call, and read whatever it is answered.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { token, USER_KEY } from "./harness/credentials.mjs";
import { idIn, INITIALIZE, json, post, rpc, WHOAMI } from "./harness/mcp.mjs";
import { SERVERS } from "./harness/servers.mjs";
import { Stage } from "./harness/stage.mjs";

const RATE = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit", "ratelimit-policy"];

function readable(answer, names) {
  const missing = names.filter((name) => !answer.headers[name]);
  assert.deepEqual(missing, [], JSON.stringify(answer));
}

for (const kind of SERVERS) {
  describe(`${kind.name}, called from a listed origin`, () => {
    let stage;
    before(async () => (stage = await Stage.set(kind)));
    after(() => stage?.strike());
    afterEach(() => stage.clear());

    test("initialize and a call work, from each listed origin and with each kind of credential", async () => {
      const credentials = [
        [{ "x-api-key": USER_KEY }, "key:api-key-1"],
        [{ authorization: `Bearer ${USER_KEY}` }, "key:api-key-1"],
        [{ authorization: `Bearer ${token("anna")}` }, "jwt:https://issuer.example:anna"],
      ];
      for (const origin of [stage.app, stage.local]) {
        const page = await stage.page(origin);
        for (const [credential, id] of credentials) {
          const begun = await stage.ask(page, post(INITIALIZE, credential));
          assert.equal(begun.status, 200, JSON.stringify(begun));
          assert.equal(json(begun.body).result.protocolVersion, "2025-11-25");
          readable(begun, [...RATE, ...(kind.sessions ? ["mcp-session-id"] : [])]);
          const session = begun.headers["mcp-session-id"];
          const headers = { ...credential, "mcp-protocol-version": "2025-11-25" };
          if (session) headers["mcp-session-id"] = session;
          const answer = await stage.ask(page, post(WHOAMI, headers));
          assert.equal(answer.status, 200, JSON.stringify(answer));
          assert.equal(idIn(json(answer.body).result), id);
          readable(answer, RATE);
          // What is not exposed stays hidden: the browser does look.
          assert.equal(answer.headers.vary, undefined);
          assert.equal(answer.headers.date, undefined);
        }
      }
      const came = stage.relay.take();
      const asked = came.filter(({ method }) => method === "OPTIONS");
      assert.ok(asked.length > 0);
      for (const { headers, status } of asked) {
        assert.ok(status === 200 || status === 204, `${status}`);
        assert.deepEqual([headers.authorization, headers["x-api-key"]], [undefined, undefined]);
      }
      for (const { headers, answer } of came) {
        assert.ok([stage.app, stage.local].includes(headers.origin), headers.origin);
        assert.equal(answer["access-control-allow-origin"], headers.origin);
      }
      // A browser keeps to its own mind: it came from elsewhere, and was told so.
      assert.ok(came.every(({ headers }) => ["cross-site", "same-site"].includes(headers["sec-fetch-site"])));
    });

    test("a refusal is read with its challenge", async () => {
      const page = await stage.page(stage.app);
      const metadata = `resource_metadata="${stage.base}/.well-known/oauth-protected-resource/mcp"`;
      const cases = [
        [{}, 401, "unauthorized", `Bearer ${metadata}`],
        [{ "x-api-key": "wrong-key-wrong-key" }, 401, "invalid_token", `Bearer error="invalid_token", ${metadata}`],
        [
          { authorization: `Bearer ${token("anna", { expires: -1 })}` },
          401,
          "invalid_token",
          `Bearer error="invalid_token", ${metadata}`,
        ],
      ];
      for (const [credential, status, error, challenge] of cases) {
        const answer = await stage.ask(page, post(INITIALIZE, credential));
        assert.equal(answer.status, status, JSON.stringify(answer));
        assert.equal(JSON.parse(answer.body).error, error);
        assert.equal(answer.headers["www-authenticate"], challenge);
        readable(answer, RATE);
      }
      const { tool, args, error } = kind.denied;
      const call = rpc("tools/call", { name: tool, arguments: args });
      const answer = await stage.ask(page, post(call, { "x-api-key": USER_KEY }));
      assert.equal(answer.status, 403, JSON.stringify(answer));
      assert.equal(JSON.parse(answer.body).error, error);
      readable(answer, RATE);
    });

    test("where the challenge points, any page finds the metadata", async () => {
      for (const origin of [stage.app, stage.evil]) {
        const page = await stage.page(origin);
        const url = `${stage.base}/.well-known/oauth-protected-resource/mcp`;
        // As the SDKs ask: a header of their own, so a preflight.
        const answer = await stage.ask(page, { headers: { "mcp-protocol-version": "2025-11-25" } }, url);
        assert.equal(answer.status, 200, JSON.stringify(answer));
        const { resource, authorization_servers } = JSON.parse(answer.body);
        assert.deepEqual([resource, authorization_servers], [stage.url, ["https://as.example"]]);
      }
    });

    test("cookies may be sent, and are no credential", async () => {
      const page = await stage.page(stage.local);
      // At the page's own name, on another port: the same site, which has its cookies sent, and another origin.
      const url = stage.url.replace("127.0.0.1", "localhost");
      const cookies = ["x-api-key", "authorization"].map((name) => ({ name, value: USER_KEY, url }));
      await page.context().addCookies(cookies);
      for (const credentials of ["omit", "same-origin", "include"]) {
        const good = await stage.ask(page, post(INITIALIZE, { "x-api-key": USER_KEY }, { credentials }), url);
        assert.equal(good.status, 200, JSON.stringify(good));
        const bare = await stage.ask(page, post(INITIALIZE, {}, { credentials }), url);
        assert.equal(bare.status, 401, JSON.stringify(bare));
        const sent = stage.relay.take().filter(({ method, headers }) => method === "POST" && headers.cookie);
        assert.equal(sent.length, credentials === "include" ? 2 : 0, credentials);
      }
    });

    test("what a preflight does not allow is not sent", async () => {
      const page = await stage.page(stage.app);
      const key = { "x-api-key": USER_KEY };
      const before = await stage.left();
      for (const init of [post(INITIALIZE, { ...key, "x-other": "1" }), { ...post(INITIALIZE, key), method: "PUT" }]) {
        assert.deepEqual(await stage.ask(page, init), { error: "TypeError" });
      }
      assert.deepEqual([...new Set(stage.relay.take().map(({ method }) => method))], ["OPTIONS"]);
      assert.equal(await stage.left(), before - 1);
    });

    test("the official clients work in a page", async () => {
      const page = await stage.page(stage.app);
      const bearer = { authorization: `Bearer ${token("carla")}` };
      const runs = [
        ["1", "legacy", "2025-11-25"],
        ["2", "legacy", "2025-11-25"],
        ["2", "auto", kind.modern ? "2026-07-28" : "2025-11-25"],
        ...(kind.modern ? [["2", "2026-07-28", "2026-07-28"]] : []),
      ];
      const call = (more) => page.evaluate((options) => globalThis.call(options), { url: stage.url, ...more });
      for (const [sdk, protocol, revision] of runs) {
        const run = { sdk, protocol, tool: "whoami" };
        const done = await call({ ...run, headers: bearer });
        assert.equal(done.revision, revision, JSON.stringify(done));
        assert.ok(done.tools.includes("whoami"), JSON.stringify(done));
        assert.equal(idIn(done.result), "jwt:https://issuer.example:carla");

        const expired = { authorization: `Bearer ${token("carla", { expires: -1 })}` };
        for (const headers of [expired, { "x-api-key": "wrong-key-wrong-key" }]) {
          const refused = await call({ ...run, headers });
          assert.equal(refused.stage, "connect", JSON.stringify(refused));
          assert.match(refused.message, /invalid_token|401/, JSON.stringify(refused));
        }
        const refused = await call({ ...run, headers: bearer, ...kind.denied });
        assert.equal(refused.stage, "call", JSON.stringify(refused));
        // 2.x reads the challenge, and has words of its own for it.
        assert.match(refused.message, new RegExp(kind.denied.error.replace("_", "[_ ]"), "i"), JSON.stringify(refused));
      }
    });
  });

  describe(`${kind.name}, called too often from a listed origin`, () => {
    let stage;
    before(async () => (stage = await Stage.set(kind, { RATE_LIMIT_MAX: "3", PREAUTH_RATE_LIMIT_MAX: "3" })));
    after(() => stage?.strike());

    test("the page reads when to come again", async () => {
      const page = await stage.page(stage.app);
      const until429 = async (init) => {
        for (let asked = 0; asked < 3; asked += 1) assert.notEqual((await stage.ask(page, init)).status, 429);
        const answer = await stage.ask(page, init);
        assert.equal(answer.status, 429, JSON.stringify(answer));
        assert.equal(JSON.parse(answer.body).error, "rate_limited");
        readable(answer, [...RATE, "retry-after"]);
        const wait = Number(answer.headers["retry-after"]);
        assert.ok(Number.isInteger(wait) && wait > 0 && wait <= 3600, answer.headers["retry-after"]);
      };
      await until429(post(INITIALIZE, { "x-api-key": USER_KEY }));
      await until429(post(INITIALIZE, { "x-api-key": "wrong-key-wrong-key" }));
    });
  });
}
