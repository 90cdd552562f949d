// How the integrations read from CommonJS: compiled, never run.

import doorward = require('doorward');
import express = require('doorward/express');
import fastify = require('doorward/fastify');
import fetching = require('doorward/fetch');
import hono = require('doorward/hono');
import http = require('doorward/http');
import mcp = require('doorward/mcp');
import mcp2 = require('doorward/mcp2');
import sse = require('doorward/sse');
import stdio = require('doorward/stdio');
import tools = require('doorward/tools');

const gate = new doorward.Gate({ policy: doorward.Policy.allowAll() });
const middleware: express.Middleware = express.guard(gate);
const other: sse.Middleware = sse.guard(gate);
const plugin = fastify.guard === fastify.default;
const guards = [http.guard(gate), fetching.guard(gate), hono.guard(gate), mcp.guard(gate)];
const verifiers = [mcp, mcp2].map(({ tokenVerifier }) => tokenVerifier({ apiKeys: new doorward.ApiKeys([]) }));
const caller: stdio.Caller = stdio.authenticate({ apiKeys: new doorward.ApiKeys([]) });
const id: string | undefined = tools.callerOf(caller)?.id;

export = { middleware, other, plugin, guards, verifiers, id };
