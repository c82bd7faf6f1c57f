/** What the simulator is told to do for a fault of the testbed, where no decision shows it. */
import { expect, it, vi } from 'vitest';
import { runTrio } from '../../tmr/core/sim/trio.ts';
import { simulatedDecision } from './parity.ts';

vi.mock('../../tmr/core/sim/trio.ts', { spy: true });

it.each([
  [
    'link-reset:link=1-2,phase=dispute,at=rendezvous:20',
    [
      { kind: 'two-faced', target: 1, right: 3, at: 20, coreRight: true },
      { kind: 'link-reset', from: 1, to: 2, at: 20, phase: 'disputing' },
    ],
  ],
  [
    'link-reset:link=3-1,phase=after-vote,at=rendezvous:20',
    [{ kind: 'link-reset', from: 3, to: 1, at: 20, phase: 'voted' }],
  ],
  [
    'wrong-seal:replica=1,to=2,other=withheld,at=rendezvous:20',
    [{ kind: 'wrong-seal', target: 1, to: 2, other: 'withheld', at: 20 }],
  ],
  [
    'wrong-seal:replica=3,to=1,other=good,at=rendezvous:20',
    [{ kind: 'wrong-seal', target: 3, to: 1, other: 'good', at: 20 }],
  ],
])('%s', (text, faults) => {
  simulatedDecision(text);
  expect(vi.mocked(runTrio).mock.lastCall?.[0].faults).toEqual(faults);
});
