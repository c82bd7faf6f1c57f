import { expect, it } from 'vitest';
import { settled, type CaseResult } from './sweep.ts';

const result = (unknown: string | null, more: Partial<CaseResult> = {}): CaseResult => ({
  case: 'vote-loss:link=1-2,at=rendezvous:7',
  outcome: 'wrong-flagged',
  activated: true,
  flagged: [3],
  parity: { type: 'none' },
  violations: [],
  unknown,
  ...more,
});

async function after(...results: CaseResult[]): Promise<{ runs: number; end: CaseResult }> {
  let runs = 0;
  const end = await settled(() => Promise.resolve(results[runs++]!));
  return { runs, end };
}

it('runs a case again whose judgement is unknown, and takes the first that is known', async () => {
  const known = result(null, { outcome: 'masked' });
  expect(await after(known)).toEqual({ runs: 1, end: known });
  expect(await after(result('P2: slow'), known)).toEqual({ runs: 2, end: known });
  const violated = result(null, { violations: ['P1: wrong'] });
  expect(await after(result('P2: slow'), violated)).toEqual({ runs: 2, end: violated });
});

it('takes for violated what is unknown each time', async () => {
  const slow = result('P2: healthy replica 3 was lost');
  const { runs, end } = await after(slow, slow, slow);
  expect(runs).toBe(3);
  expect(end).toMatchObject({
    violations: ['P2: healthy replica 3 was lost, in each of 3 runs'],
    unknown: null,
  });
});

it('leaves a failing harness unknown', async () => {
  const failed = result('no daemon', { outcome: 'harness-error' });
  expect(await after(failed, failed, failed)).toEqual({ runs: 3, end: failed });
});
