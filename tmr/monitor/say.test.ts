import { writeSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { say } from './launch.ts';

vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  writeSync: vi.fn<() => number>(),
}));

it('a line of ours stays one line, whatever a tracer has put into it', () => {
  say('first: /x\nall is well \u001b[2J');
  expect(writeSync).toHaveBeenCalledWith(2, 'tmr: first: /x\\u000aall is well \\u001b[2J\n');
});
