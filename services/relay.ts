import { runProgram } from './kit/main.ts';
import { combine, type RunningService, type StartOptions, startService } from './kit/service.ts';

/** Any further node: it has no matter of its own but the mesh's script. */
export function start(options: StartOptions): Promise<RunningService> {
  return startService(options, ({ get, settings }) => {
    get('/relay/:id', async ({ id, headers, runScript }) => {
      const own = { id, service: settings.serviceName };
      return combine(own, await runScript(headers.authorization));
    });
  });
}

if (import.meta.main) runProgram('relay', start);
