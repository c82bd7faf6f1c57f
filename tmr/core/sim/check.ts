/** Runs a property over random sessions; a failure names the command that replays it. */
import * as fc from 'fast-check';
import { expect } from 'vitest';

/**
 * `TMR_FC_SEED` and `TMR_FC_PATH` replay one failure; `TMR_FC_SEED` alone draws other sessions.
 * @throws Error with seed, path, counterexample, and the line to replay it with.
 */
export const check = <T>(property: fc.IProperty<T>, numRuns: number): void => {
  const { TMR_FC_SEED: seed, TMR_FC_PATH: path } = process.env;
  const { testPath, currentTestName } = expect.getState();
  fc.assert(property, {
    numRuns,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path, endOnFailure: true }),
    reporter: (details) => {
      if (!details.failed) return;
      const file = testPath?.slice(testPath.indexOf('tmr/core/')) ?? '';
      const replay = replayLine(details, file, currentTestName ?? '');
      throw new Error(`${fc.defaultReportMessage(details)}\n\nReplay: ${replay}`, {
        cause: details.errorInstance,
      });
    },
  });
};

/** vitest's `-t` is a pattern over the titles joined by spaces. */
const replayLine = (
  { seed, counterexamplePath }: { seed: number; counterexamplePath: string | null },
  file: string,
  name: string,
): string => {
  const title = name.replaceAll(' > ', ' ').replaceAll(/[^A-Za-z0-9 ,:-]/g, '.');
  return `TMR_FC_SEED=${seed} TMR_FC_PATH=${counterexamplePath} npx vitest run ${file} -t '${title}'`;
};
