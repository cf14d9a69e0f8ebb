import { runProgram } from './kit/main.ts';
import { combine, type RunningService, type StartOptions, startService } from './kit/service.ts';
import { demoAuthorization } from './kit/token.ts';

/** The mesh's front door. In demo mode it lends a token to a client that brings none. */
export function start(options: StartOptions): Promise<RunningService> {
  return startService(options, async ({ get, settings }) => {
    const demo = settings.demo ? await demoAuthorization(settings.tokenSecret) : null;

    get('/users/:id', async ({ headers, runScript }) => {
      const authorization = headers.authorization ?? (await demo?.());
      return combine(null, await runScript(authorization));
    });
  });
}

if (import.meta.main) runProgram('gateway', start);
