/** A process that is really frozen, as a paused container's are, and its events on its own stderr. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseEventLine, type FaultEvent } from '../event-log.ts';
import { samplePlan } from '../../tmr/wire/sample-plan.ts';

const FREEZE_MS = 200;

let program: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  const plan = JSON.stringify({ ...samplePlan(), replica: 2 }, (_key, value: unknown) =>
    Buffer.isBuffer(value) || typeof value === 'bigint' ? null : value,
  );
  const contents = `
    import { interpose } from './interpose.ts';
    const monotonicNs = () => Number(process.hrtime.bigint());
    const options = {
      faults: ['container-pause:replica=2,duration=${FREEZE_MS}ms,at=rendezvous:3'],
      eventLog: { stderr: 'tag' },
    };
    const ports = interpose({ atRendezvous() {} }, { plan: ${plan}, options, monotonicNs });
    console.error('an ordinary line');
    for (const k of [1, 2, 3, 4]) ports.atRendezvous(k, 0, 0);`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: new URL('..', import.meta.url).pathname, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
  });
  program = outputFiles[0]!.text;
});
afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
});

describe('a tracer whose container is paused', () => {
  it('is held from its place until it was frozen, and sees how long', async () => {
    const held = spawn(process.execPath, ['--input-type=module', '-'], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    held.stdin.end(program);
    child = held;
    const exit = once(held, 'exit');
    const events: FaultEvent[] = [];
    for await (const line of createInterface(held.stderr)) {
      const parsed = parseEventLine(line);
      if (parsed === undefined) continue;
      expect(parsed.tag).toBe('tag');
      events.push(parsed.event);
      if (parsed.event.type !== 'reached') continue;
      held.kill('SIGSTOP');
      // Not a wait for something: the length of the pause.
      await sleep(FREEZE_MS);
      held.kill('SIGCONT');
    }
    expect(await exit).toEqual([0, null]);
    expect(events.map(({ type, k }) => [type, k])).toEqual([
      ['reached', 3],
      ['effective', 3],
      ['activated', 3],
    ]);
    expect(events[1]).toMatchObject({
      effective: true,
      detail: expect.stringMatching(/^frozen for \d+/),
    });
  });
});
