import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{tmr,faults,harness,experiments,bench}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**'],
    // Native addons need processes of their own; ptrace tests are not to be crowded.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
