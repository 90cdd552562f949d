import type { XmcpConfig } from 'xmcp';

type Done = (error?: null, external?: string) => void;

const config: XmcpConfig = {
  http: { port: Number(process.env.PORT ?? 3001), cors: { origin: false } },
  paths: { prompts: false, resources: false },
  // doorward has a native module, which a bundle can't hold: it stays in node_modules.
  bundler: (bundler: { externals?: unknown }) => ({
    ...bundler,
    externals: [
      bundler.externals ?? [],
      ({ request = '' }: { request?: string }, done: Done) =>
        /^doorward(\/|$)/.test(request) ? done(null, `commonjs ${request}`) : done(),
    ].flat(),
  }),
};

export default config;
