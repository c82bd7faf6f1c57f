import { expect, it } from 'vitest';
import { machineTrapsTsc } from '../../ptrace-napi/test-guests.ts';
import type { Check } from '../../containers/doctor/check.ts';
import { tracingChecks } from './tracing-checks.ts';

const counterOf = (checks: readonly Check[]): Check =>
  checks.find(({ name }) => name === 'time stamp counter')!;

it('says whether rdtsc is really trapped, here and on a machine of the other kind', async () => {
  const trapped = { status: 'ok', found: 'rdtsc is trapped', mend: '' };
  const untrapped = { status: 'warning', found: expect.stringContaining('is not trapped') };
  const traps = machineTrapsTsc();
  expect(counterOf(await tracingChecks())).toMatchObject(traps ? trapped : untrapped);
  const other = await tracingChecks(() => !traps);
  expect(counterOf(other)).toMatchObject(traps ? untrapped : trapped);
});

it('says what to do where the trap cannot even be asked for', async () => {
  const checks = await tracingChecks(() => {
    throw new Error('prctl: EPERM');
  });
  expect(counterOf(checks)).toMatchObject({
    status: 'missing',
    found: 'prctl: EPERM',
    mend: expect.stringContaining('PR_SET_TSC'),
  });
});
