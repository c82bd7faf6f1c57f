/**
 * Engines of `*.docker.test.ts`: TMR_TEST_DOCKER, else what `tmr run --hosts docker` would use; and for tests
 * of several TMR_TEST_ENGINES, as in `--engines` (scripts/test-dockerd.sh start --joined).
 */
import { describe } from 'vitest';
import { messageOf } from '../../monitor/errors.ts';
import { defaultEngine, openEngine, parseEngine, type Engine } from '../engine.ts';

const found = await orReason(() => {
  const url = process.env['TMR_TEST_DOCKER'] ?? '';
  return openEngine(url === '' ? defaultEngine() : parseEngine(url));
});
const severalFound = await orReason(() => {
  const urls = process.env['TMR_TEST_ENGINES'] ?? '';
  if (urls === '') throw new Error('TMR_TEST_ENGINES names no engines');
  return Promise.all(urls.split(',').map((url) => openEngine(parseEngine(url))));
});

/** `describe` with an engine; skipped, with the reason in the title, when none answers. */
export function describeWithEngine(title: string, body: (engine: Engine) => void): void {
  describeWith(title, found, body);
}

/** As `describeWithEngine`, with several that reach each other by their addresses. */
export function describeWithEngines(title: string, body: (engines: Engine[]) => void): void {
  describeWith(title, severalFound, body);
}

function describeWith<Found>(
  title: string,
  what: Found | string,
  body: (found: Found) => void,
): void {
  const reason = typeof what === 'string' ? ` (skipped: ${what})` : '';
  describe.skipIf(reason !== '')(`${title}${reason}`, () => {
    // Skipped tests are collected, not run.
    body(what as Found);
  });
}

/** What was found, or the reason why it was not. */
async function orReason<Found>(find: () => Promise<Found>): Promise<Found | string> {
  try {
    return await find();
  } catch (error) {
    return messageOf(error);
  }
}
