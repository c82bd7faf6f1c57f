import { spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { alive, guest } from './test-guests.ts';

const index = new URL('./index.js', import.meta.url).href;

/** A program for node: starts guests/spin.c stopped, running and adopted; prints the pids. */
function tracer(last: string): string {
  return `
    import { spawn, setTick } from ${JSON.stringify(index)};
    const start = (file) =>
      spawn({ file, args: [file], env: [], cwd: '/', stdio: [0, 1, 2] });
    const stopped = start(${JSON.stringify(guest('spin'))});
    const running = start(${JSON.stringify(guest('spin'))}).resume('cont');
    const parent = start(${JSON.stringify(guest('fork'))}).resumeAndWait('cont');
    const child = parent.adoptChild();
    const pids = [stopped.pid, running.pid, parent.pid, child.pid];
    ${last}`;
}

/** Waits until none of the processes lives. */
async function gone(pids: number[]): Promise<void> {
  while (pids.some(alive)) await new Promise((resolve) => setImmediate(resolve));
}

test.each([
  ['kill -9 of an idle tracer', 'setInterval(() => {}, 1000);', 'SIGKILL'],
  ['kill -9 of a tracer blocked in a wait', 'running.wait();', 'SIGKILL'],
  ['SIGTERM', 'setInterval(() => {}, 1000);', 'SIGTERM'],
  ['process.exit', 'process.stdin.once("data", () => process.exit(0));', 'exit'],
  ['an exception', 'process.stdin.once("data", () => { throw new Error("meant"); });', 'exit'],
  ['abort', 'process.stdin.once("data", () => process.abort());', 'exit'],
])('no tracee outlives its tracer: %s', async (_name, last, how) => {
  // The pids are out before the tracer may block.
  const program = tracer(`import('node:fs').then(({ writeSync }) => {
    writeSync(1, JSON.stringify(pids) + '\\n'); ${last} });`);
  const child = spawnProcess(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(line.toString()) as number[];
  expect(pids.map(alive)).toEqual([true, true, true, true]);
  if (how === 'exit') child.stdin.write('go\n');
  else child.kill(how as NodeJS.Signals);
  await ended;
  await gone(pids);
});

test('a worker thread has tracees of its own; they go with it', async () => {
  const code = tracer(`
    import('node:worker_threads').then(({ parentPort }) => parentPort.postMessage(pids));
    setInterval(() => {}, 1000);`);
  const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const worker = new Worker(url);
  const [pids] = (await once(worker, 'message')) as [number[]];
  expect(pids.map(alive)).toEqual([true, true, true, true]);
  await worker.terminate();
  await gone(pids);
});
