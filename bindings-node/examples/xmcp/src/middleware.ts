// Logging, then a token, then a limit for its user: xmcp runs them in this order.

import { Limiter } from 'doorward';
import { getAuthInfo, jwtAuthMiddleware } from 'doorward/xmcp';
import type { Middleware } from 'xmcp';

const log: Middleware = (request, response, next) => {
  const began = performance.now();
  response.on('finish', () => {
    console.error(request.method, request.path, response.statusCode, `${Math.round(performance.now() - began)} ms`);
  });
  next();
};

const authenticated = jwtAuthMiddleware({
  secret: process.env.JWT_SECRET!,
  algorithms: ['HS256'],
  issuer: process.env.JWT_ISSUER,
  audience: process.env.JWT_AUDIENCE,
  clockTolerance: 5,
});

const perUser = new Limiter(Number(process.env.RATE_LIMIT_MAX ?? 100), 60);

const limited: Middleware = (_request, response, next) => {
  const { allowed, retryAfter = 0 } = perUser.check(getAuthInfo().user.sub);
  if (allowed) return next();
  response.setHeader('retry-after', Math.ceil(retryAfter));
  response.status(429).json({ error: 'Too Many Requests' });
};

export default [log, authenticated, limited];
