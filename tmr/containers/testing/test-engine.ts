/** The engine of `*.docker.test.ts`: TMR_TEST_DOCKER, else what `tmr run --hosts docker` would use. */
import { describe } from 'vitest';
import { messageOf } from '../../monitor/errors.ts';
import { defaultEngine, openEngine, parseEngine, type Engine } from '../engine.ts';

const found = await findEngine();

/** `describe` with an engine; skipped, with the reason in the title, when none answers. */
export function describeWithEngine(title: string, body: (engine: Engine) => void): void {
  const reason = typeof found === 'string' ? ` (skipped: ${found})` : '';
  describe.skipIf(reason !== '')(`${title}${reason}`, () => {
    // Skipped tests are collected, not run.
    body(found as Engine);
  });
}

/** Or the reason why there is none. */
async function findEngine(): Promise<Engine | string> {
  const url = process.env['TMR_TEST_DOCKER'] ?? '';
  try {
    return await openEngine(url === '' ? defaultEngine() : parseEngine(url));
  } catch (error) {
    return messageOf(error);
  }
}
