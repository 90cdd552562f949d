// Web sites of loopback, whose pages call the server. Chromium is told that every name in `example` is here.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { closed, listening } from "./relay.mjs";

const BROWSER = new URL("..", import.meta.url);

/** The page's script with both official clients in it, as a site would bundle it. */
async function bundle() {
  const bundled = await build({
    entryPoints: [fileURLToPath(new URL("page/page.mjs", BROWSER))],
    nodePaths: [fileURLToPath(new URL("../clients/typescript/node_modules", BROWSER))],
    bundle: true,
    format: "iife",
    platform: "browser",
    write: false,
    logLevel: "silent",
  });
  return bundled.outputFiles[0].text;
}

/** Made once, for all sites. */
let script;

/** A site with one page, at every name that leads here. `/to?<url>` redirects there and keeps the method. */
export class Site {
  #server;

  static async listen(port = 0) {
    script ??= bundle();
    const [text, page] = await Promise.all([script, readFile(new URL("page/page.html", BROWSER))]);
    const site = new Site();
    site.#server = createServer((request, response) => {
      const url = new URL(request.url, "http://site.example");
      if (url.pathname === "/to") {
        const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
        if (request.method === "OPTIONS") response.writeHead(204, headers).end();
        else response.writeHead(307, { ...headers, location: decodeURIComponent(url.search.slice(1)) }).end();
      } else if (url.pathname === "/page.js") {
        response.writeHead(200, { "content-type": "text/javascript" }).end(text);
      } else if (url.pathname === "/") {
        response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
      } else {
        response.writeHead(404).end();
      }
    });
    site.port = await listening(site.#server, port);
    return site;
  }

  /** Its origin by that name. */
  at(name) {
    return `http://${name}:${this.port}`;
  }

  close() {
    return closed(this.#server);
  }
}
