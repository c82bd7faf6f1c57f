import { expect, it, vi } from 'vitest';
import { Pump } from './pump.ts';

const poll = vi.hoisted(() => vi.fn<() => number>());
vi.mock('ptrace-napi', async (original) => ({ ...(await original<object>()), poll }));

it('lets no timer fire after a wait that a signal broke: the sockets were not looked at', () => {
  const pump = new Pump();
  let fired = 0;
  pump.addTimed({ nextDeadlineNs: () => 0, expire: () => (fired += 1) });
  poll.mockReturnValueOnce(-1);
  pump.poll();
  expect(fired).toBe(0);
  poll.mockReturnValueOnce(0);
  pump.poll();
  expect(fired).toBe(1);
});
