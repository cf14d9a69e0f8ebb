// Runs once while the image is built: starts and ends each program, so that Node's compile cache
// has all that a start loads, and so that an image whose programs cannot start is never made.
const { fork } = require('node:child_process');

const meshFile = 'mesh/compose.yaml';
const limitMs = 60_000;

/** Resolves when the program has said that it is ready and has ended cleanly. */
function startAndStop(file, { env = {}, args = [], waitsForReady = true }) {
  return new Promise((resolve, reject) => {
    const child = fork(file, args, { env: { ...process.env, ...env }, stdio: 'inherit' });
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
    let isReady = !waitsForReady;
    child.on('message', ({ type }) => {
      if (type !== 'ready') return;
      isReady = true;
      child.kill('SIGTERM');
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (code === 0 && isReady) resolve();
      else reject(new Error(`${file} ended with ${signal ?? `code ${code}`} before it was ready`));
    });
  });
}

async function main() {
  const services = { gateway: 'gateway', auth: 'auth', user: 'user', relay: 'user' };
  for (const [program, service] of Object.entries(services)) {
    await startAndStop(`services/${program}.js`, {
      env: {
        AFTERSHOCK_MESH: meshFile,
        AFTERSHOCK_SERVICE: service,
        PORT: '0',
        LOG_LEVEL: 'warn',
        // The discard port: there is no collector yet.
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      },
    });
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
