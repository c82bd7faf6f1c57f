import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runToEnd, tmrCommand, temporaryDirectory } from './testing/under-test.ts';

describe('tmr doctor without an engine', () => {
  it('finds local runs possible, says how to get an engine, and ends with 2', () => {
    const { path, remove } = temporaryDirectory();
    try {
      const env = { ...process.env, DOCKER_HOST: `unix://${join(path, 'none')}` };
      const text = runToEnd(process.execPath, [tmrCommand, 'doctor'], { cwd: path, env });
      expect(text.stdout.toString()).toMatch(
        /^missing: engine: .*; to mend it: .*apt-get install docker\.io/m,
      );
      expect(text.stdout.toString().match(/^missing/gm)).toHaveLength(1);
      expect(text.status).toBe(2);
      const json = runToEnd(process.execPath, [tmrCommand, 'doctor', '--json'], { cwd: path, env });
      expect(JSON.parse(json.stdout.toString())).toMatchObject({
        version: 1,
        localRuns: true,
        dockerHosts: false,
      });
    } finally {
      remove();
    }
  });
});
