import { expect, it } from 'vitest';
import { describeWithEngine } from '../containers/testing/test-engine.ts';
import type { Check } from '../containers/doctor/check.ts';
import { OWNER_LABEL } from '../containers/leftovers.ts';
import { runToEnd, tmrCommand } from './testing/under-test.ts';

describeWithEngine('tmr doctor with an engine', ({ docker, url }) => {
  it('traces in a container, finds everything, and leaves no container', async () => {
    const args = [tmrCommand, 'doctor', '--json', '--engine', url];
    const { status, stdout } = runToEnd(process.execPath, args, { cwd: '/' });
    const { checks } = JSON.parse(stdout.toString()) as { checks: Check[] };
    expect(checks.filter((check) => check.status === 'missing')).toEqual([]);
    expect(checks.map(({ name }) => name)).toContain('in a container: seccomp stops and memory');
    expect(status).toBe(0);
    const left = await docker.listContainers({
      all: true,
      filters: { label: [OWNER_LABEL], status: ['created', 'exited'] },
    });
    const ours = left.filter(({ Command }) => Command.includes('doctor'));
    expect(ours).toEqual([]);
  });
});
