/** The engine of `*.docker.test.ts`: TMR_TEST_DOCKER, else what `tmr run --hosts docker` would use. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { messageOf } from '../../monitor/errors.ts';
import { defaultEngine, openEngine, parseEngine, type Engine } from '../engine.ts';

const ANSWER_MS = 10_000;

const found = await findEngine();

/** `describe` with an engine; skipped, with the reason in the title, when none answers. */
export function describeWithEngine(title: string, body: (engine: Engine) => void): void {
  if (typeof found !== 'string') describe(title, () => body(found));
  // A test, so that it counts as one that was skipped.
  else it.skip(`${title} (skipped: ${found})`, () => undefined);
}

/** Or the reason why there is none. */
async function findEngine(): Promise<Engine | string> {
  try {
    const url = process.env['TMR_TEST_DOCKER'] ?? '';
    const opened = openEngine(url === '' ? defaultEngine() : parseEngine(url));
    const late = sleep(ANSWER_MS, undefined, { ref: false }).then(() => {
      throw new Error(`the Docker engine did not answer within ${ANSWER_MS} ms`);
    });
    return await Promise.race([opened, late]);
  } catch (error) {
    return messageOf(error);
  }
}
