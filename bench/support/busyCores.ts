import { spawn } from 'node:child_process';

/** Ends by itself when whoever started it has: nobody else would end it after a kill. */
const program = `
  const parent = process.ppid;
  while (process.ppid === parent) for (let i = 0; i < 1e7; i++);
`;

/** Starts so many processes that compute all the time. @returns what ends them. */
export function keepBusy(cores: number): () => void {
  const processes = Array.from({ length: cores }, () =>
    spawn(process.execPath, ['--eval', program], { stdio: 'ignore' }),
  );
  return () => {
    for (const one of processes) one.kill('SIGKILL');
  };
}
