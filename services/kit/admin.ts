import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type Router } from 'express';
import { Problem } from './problem.ts';
import { profileRoutes } from './profile.ts';
import type { ServiceStats } from './protocol.ts';
import { type Listening, listen } from './server.ts';

export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  /** Bearer token that every request must bring; null: none. */
  readonly token: string | null;
  stats(): ServiceStats;
  /** Further routes. */
  readonly routers: readonly Router[];
}

/** Starts the admin API on a port of its own. */
export function startAdmin({
  host,
  port,
  token,
  stats,
  routers,
}: AdminOptions): Promise<Listening> {
  const app = express();
  app.disable('x-powered-by');
  if (token !== null) {
    const expected = digest(`Bearer ${token}`);
    app.use((req, res, next) => {
      if (timingSafeEqual(digest(req.get('authorization') ?? ''), expected)) return next();
      const problem = new Problem(401, 'bad-admin-token', 'The admin API wants its bearer token');
      res
        .status(401)
        .set('www-authenticate', 'Bearer realm="aftershock admin"')
        .type('application/problem+json')
        .send(problem.body('admin', undefined));
    });
  }
  app.get('/stats', (_req, res) => {
    res.json(stats());
  });
  app.use(profileRoutes());
  for (const router of routers) app.use(router);
  app.use((req, res) => {
    const detail = `The admin API has no ${req.method} ${req.path}`;
    const problem = new Problem(404, 'no-such-path', detail);
    res.status(404).type('application/problem+json').send(problem.body('admin', undefined));
  });
  return listen(app, host, port);
}

/** Equal lengths, so that comparing tells nothing about the token. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
