// The options of CORS are what each framework's own middleware takes.

import fastifyCors from '@fastify/cors';
import cors from 'cors';
import { Gate } from 'doorward';
import { corsOptions, honoCorsOptions } from 'doorward/cors';
import Fastify from 'fastify';
import { cors as honoCors } from 'hono/cors';

const gate: Gate = Gate.fromEnv();
cors(corsOptions(gate));
void Fastify().register(fastifyCors, corsOptions(gate));
honoCors(honoCorsOptions(gate));
