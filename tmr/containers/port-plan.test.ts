import { describe, expect, it } from 'vitest';
import { planPorts } from './port-plan.ts';

describe('ports that several engines publish', () => {
  it('are all different and in the range', () => {
    const { nfs, daemons, sessions } = planPorts({
      replicas: 3,
      jobs: 2,
      sessionPorts: '42000-42011',
    });
    const all = [nfs, ...daemons, ...sessions.flat()];
    expect(all).toEqual(Array.from({ length: 12 }, (_, index) => 42_000 + index));
    expect(sessions.map((ports) => ports.length)).toEqual([4, 4]);
  });

  it('are of a range of our own when none is given', () => {
    expect(planPorts({ replicas: 3, jobs: 1, sessionPorts: '0' }).nfs).toBe(41_000);
  });

  it.each([
    ['42000-42010', /expected 12 ports, such as 41000-41011, got 11 in '42000-42010'/],
    ['0-100', /expected 12 ports/],
    ['many', /expected a range A-B/],
  ])('are refused when %s does not hold them', (sessionPorts, message) => {
    expect(() => planPorts({ replicas: 3, jobs: 2, sessionPorts })).toThrow(message);
  });
});
