// Runs the server scenarios of the published conformance tool against a server that wants a credential:
//   DOORWARD_TEST_HEADER="x-api-key: …" node conformance.mjs --url http://127.0.0.1:3000/mcp [--scenario <name>]
// The tool sends none, so it is pointed at a proxy on loopback that adds the header and passes on everything else as it
// is, Host and Origin included. Prints {"<scenario>":["<check that failed or warned>",…],…}.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { url: { type: 'string' }, scenario: { type: 'string', multiple: true } } });
const target = new URL(options.url);
const [, name, value] = /^([^:]+): (.*)$/.exec(process.env.DOORWARD_TEST_HEADER);
const tool = join(dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')), 'dist/index.js');

const proxy = http.createServer((request, response) => {
  const headers = { ...request.headers, [name]: value };
  const onward = http.request(
    { host: target.hostname, port: target.port, path: request.url, method: request.method, headers },
    (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      response.flushHeaders();
      answer.pipe(response);
    },
  );
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  request.pipe(onward);
});
await new Promise((ready) => proxy.listen(0, '127.0.0.1', ready));

const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
try {
  const url = `http://127.0.0.1:${proxy.address().port}${target.pathname}`;
  const wanted = options.scenario ? options.scenario.map((one) => ['--scenario', one]) : [['--suite', 'all']];
  for (const which of wanted) {
    const run = spawn(process.execPath, [tool, 'server', '--url', url, ...which, '--output-dir', folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    // Its exit code tells whether any check failed: which, is read below.
    await new Promise((done) => run.on('exit', done));
  }
  const found = {};
  for (const one of readdirSync(folder)) {
    const [, scenario] = /^server-(.+)-\d{4}-\d\d-\d\dT/.exec(one);
    const checks = JSON.parse(readFileSync(join(folder, one, 'checks.json'), 'utf8'));
    found[scenario] = checks.filter((check) => !['SUCCESS', 'INFO', 'SKIPPED'].includes(check.status)).map((check) => check.id);
    if (checks.length === 0) found[scenario].push('no checks');
  }
  process.stdout.write(`${JSON.stringify(found)}\n`);
} finally {
  rmSync(folder, { recursive: true });
  proxy.closeAllConnections();
  proxy.close();
}
