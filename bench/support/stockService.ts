/** A service whose HTTP spans come from stock instrumentations; its database span is its own. */
import { readSettings } from '../../services/kit/environment.ts';
import { createLogger } from '../../services/kit/logger.ts';
import { noTelemetry } from '../../services/kit/telemetry.ts';

const name = process.argv[2] as 'gateway' | 'auth' | 'user';
const { start } = (await import(
  `../../services/${name}.ts`
)) as typeof import('../../services/user.ts');
const settings = await readSettings(name, process.env);
const service = await start({
  settings,
  telemetry: noTelemetry,
  logger: createLogger(name, 'warn'),
});
process.send?.({ type: 'ready', url: service.url, adminUrl: service.adminUrl });
process.once('SIGTERM', async () => {
  await service.stop();
  process.send?.({ type: 'stopped', stats: service.stats() }, () => process.disconnect());
});
