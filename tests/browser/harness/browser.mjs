// A headless Chromium: the system's, or the one that CHROMIUM names.
import { chromium } from "playwright-core";

/** Started with a profile of its own, which is removed with it. */
export function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    // No sandbox: root, as in a container, can have none, and the pages are our own.
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // The browser keeps some pages from this machine by itself; here it is the server that must.
      "--disable-features=LocalNetworkAccessChecks",
      "--host-resolver-rules=MAP *.example 127.0.0.1",
    ],
  });
}

/** A page that is there, in a profile of its own; `url` is fetched from its site. */
export async function openPage(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  return page;
}
