import type { TrialRecord } from '../../harness/types.ts';
import type { Output } from './io.ts';
import { formatSeconds } from './parse-values.ts';

export interface Progress {
  start(total: number): void;
  /** After each trial. */
  trial(record: TrialRecord): void;
  /** A line that stays. */
  line(text: string): void;
  stop(): void;
}

/** A bar with time left on a terminal, a line every ten seconds elsewhere, nothing with --quiet. */
export async function makeProgress(output: Output, quiet: boolean): Promise<Progress> {
  if (quiet) return { start() {}, trial() {}, line() {}, stop() {} };
  return output.isTTY ? bar(output) : plain(output);
}

async function bar(output: Output): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const single = new cliProgress.SingleBar({
    format: '{bar} {value}/{total} trials, {left} left | {now}',
    barsize: 24,
    barCompleteChar: '#',
    barIncompleteChar: '.',
    hideCursor: true,
    stream: output as NodeJS.WriteStream,
    etaBuffer: 30,
  });
  const meter = measure();
  let running = false;
  return {
    start: (total) => {
      meter.start(total);
      single.start(total, 0, { left: '?', now: '' });
      running = true;
    },
    trial: (record) => {
      const left = formatSeconds(meter.trial(record).secondsLeft);
      single.increment(1, { left, now: describe(record) });
    },
    line: (text) => {
      // The bar redraws itself on the next line.
      output.write(running ? `\r\x1b[K${text}\n` : `${text}\n`);
    },
    stop: () => {
      if (running) single.stop();
      running = false;
    },
  };
}

const plainEveryMs = 10_000;

function plain(output: Output): Progress {
  const meter = measure();
  let printed = Date.now();
  return {
    start: (total) => meter.start(total),
    trial: (record) => {
      const { done, total, secondsLeft, outcomes } = meter.trial(record);
      if (Date.now() - printed < plainEveryMs && done < total) return;
      printed = Date.now();
      const counts = [...outcomes].map(([name, count]) => `${name} ${count}`).join(', ');
      output.write(`${done}/${total} trials, ${formatSeconds(secondsLeft)} left: ${counts}\n`);
    },
    line: (text) => output.write(`${text}\n`),
    stop: () => {},
  };
}

function describe(record: TrialRecord): string {
  return `${record.workload}, ${record.fault}, ${record.timeoutMs} ms: ${record.outcome}`;
}

interface Meter {
  start(total: number): void;
  trial(record: TrialRecord): {
    done: number;
    total: number;
    secondsLeft: number;
    outcomes: Map<string, number>;
  };
}

/** Time left from the mean of all trials so far: cells differ, and their order is random. */
function measure(): Meter {
  let total = 0;
  let done = 0;
  let begin = 0;
  const outcomes = new Map<string, number>();
  return {
    start: (count) => {
      total = count;
      begin = Date.now();
    },
    trial: ({ outcome }) => {
      done++;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      const secondsLeft = ((Date.now() - begin) / 1000 / done) * (total - done);
      return { done, total, secondsLeft, outcomes };
    },
  };
}
