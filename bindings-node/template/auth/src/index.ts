/** Starts the server: by the environment, and by `.env` where the environment is silent. */

import { existsSync } from 'node:fs';
import { createApp } from './app.js';
import { withCredentials } from './credentials.js';
import { formatAuthError } from './errors.js';

if (existsSync('.env')) process.loadEnvFile('.env');

try {
  const { env, made } = withCredentials(process.env);
  const host = env.HOST ?? '127.0.0.1';
  // A line for every decision, with its reason, and never a credential.
  const { app, close } = createApp(env, (event) => console.error(event.type === 'audit' ? event.line : event.message));
  const server = app.listen(Number(env.PORT ?? 3000), host, (error) => {
    if (error !== undefined) return fail(error);
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : env.PORT;
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/mcp`;
    console.log(`listening on ${url}`);
    if (made !== undefined) console.log(made(url));
  });
  // What runs may end; then the process does.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      close();
      server.close();
      setTimeout(() => server.closeAllConnections(), 5000).unref();
    });
  }
} catch (error) {
  fail(error);
}

function fail(error: unknown): never {
  // The operator's own settings: told in full, on the operator's own terminal.
  console.error(error instanceof Error ? error.message : formatAuthError(error));
  process.exit(1);
}
