/** `npm run bench -- lockstep|sessions`: writes results/bench/<UTC>/bench.json. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';

const results = fileURLToPath(new URL('../results/bench', import.meta.url));

const program = new Command('bench')
  .description('Measures what lock-step costs on this machine; ratios are taken within one run.')
  .showHelpAfterError()
  .showSuggestionAfterError();

program
  .command('lockstep')
  .description('microseconds a rendezvous, beside a C loop that does the least possible')
  .option('--rounds <n>', 'tmr and the C loop in turn, this many times', positive, 5)
  .option('--calls <n>', 'system calls counted in a run, after 10,000 of warm-up', positive, 30000)
  .addOption(
    new Option('--tsc <how>', 'rdtsc trapped or not, for both')
      .choices(['trap', 'native'])
      .default('native'),
  )
  .action(async (options: { rounds: number; calls: number; tsc: 'trap' | 'native' }) => {
    const { lockstep } = await import('./lockstep.ts');
    const result = lockstep(options, (round) => note(`round ${round} of ${options.rounds}`));
    save({ lockstep: result });
    console.log(
      `lockstep: ${result.tmrUs.toFixed(1)} us a rendezvous, the C floor ${result.floorUs.toFixed(1)} us, ` +
        `ratio ${result.ratio.toFixed(2)} (${result.ratioMin.toFixed(2)}-${result.ratioMax.toFixed(2)}; rdtsc ${result.tsc}; steady state)`,
    );
  });

program
  .command('sessions')
  .description('sessions a second of a trivial program on running daemons')
  .option('--count <n>', 'sessions in all', positive, 40)
  .option('--at-once <n>', 'sessions at the same time', positive, availableParallelism())
  .action(async (options: { count: number; atOnce: number }) => {
    const { sessions } = await import('./sessions.ts');
    const result = await sessions(options.count, options.atOnce);
    save({ sessions: result });
    console.log(
      `sessions: ${result.perSecond.toFixed(1)} a second, ${result.atOnce} at once (median ${result.medianMs.toFixed(0)} ms each)`,
    );
  });

await program.parseAsync();

function save(bench: Record<string, unknown>): void {
  const utc = new Date().toISOString().replace(/[:.]/g, '-');
  const directory = join(results, utc);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'bench.json');
  writeFileSync(file, `${JSON.stringify(bench, null, 2)}\n`);
  note(file);
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`expected a positive whole number, got "${text}".`);
}
