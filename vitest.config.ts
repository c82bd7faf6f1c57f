import { defineConfig } from 'vitest/config';

/** `--mode soak`: what takes too long for every change, each leaving its counts in results/reference/soak/. */
export default defineConfig(({ mode }) => {
  const kind = mode === 'soak' ? 'soak' : 'test';
  return {
    test: {
      include: [`{tmr,faults,harness,experiments,bench,scripts}/**/*.${kind}.ts`],
      exclude: ['**/node_modules/**', 'dist/**'],
      // Native addons need processes of their own; ptrace tests are not to be crowded.
      pool: 'forks',
      maxWorkers: 2,
      testTimeout: mode === 'soak' ? 4 * 3_600_000 : 60_000,
      hookTimeout: 60_000,
    },
  };
});
