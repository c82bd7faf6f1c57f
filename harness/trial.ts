/** One trial: a session with its fault on a fresh copy of the volume, and the record it leaves. */
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, relative } from 'node:path';
import { readEventLog, type FaultEvent } from '../faults/event-log.ts';
import { durationMs } from '../faults/fault-spec.ts';
import { resolveFault } from '../faults/resolve.ts';
import type { Report } from '../tmr/monitor/report-schema.ts';
import { gatherFaultEvidence, gatherReaction } from './fault-evidence.ts';
import { shellStatus, type Golden } from './golden.ts';
import type { Hosts } from './hosts.ts';
import { monitorClock } from './monitor-clock.ts';
import { monotonicNs } from './process-run.ts';
import { removeTree } from './run-directory.ts';
import { hasWrongOutput, serviceDifferences, serviceResult } from './service-result.ts';
import { runSession, type SessionRun } from './session-run.ts';
import { TrialInjection } from './trial-injection.ts';
import { emptyRecord, fillRecord, type Faults } from './trial-record.ts';
import type { CampaignOptions, TrialRecord, TrialSpec } from './types.ts';
import type { RunPlace } from './workload-room.ts';

export type TrialOptions = Pick<CampaignOptions, 'keep' | 'runDirectory' | 'sessionSeed'>;

const LIMIT_BASE_MS = 10_000;

/** Rejects for an abort only: what fails in the harness is the outcome `harness-error`. */
export async function runTrial(
  spec: TrialSpec,
  golden: Golden,
  hosts: Hosts,
  options: TrialOptions,
  signal: AbortSignal,
): Promise<TrialRecord> {
  signal.throwIfAborted();
  const startedNs = monotonicNs();
  const startedAt = new Date().toISOString();
  const faults = resolveFaults(spec, golden.rendezvous);
  const record = emptyRecord(spec, faults, {
    startedAt,
    loadAverage: loadavg()[0] ?? 0,
    nativeRunNs: golden.nativeRunNs,
    goldenRunNs: golden.runNs,
  });
  let place: RunPlace | undefined;
  try {
    place = await golden.room.makePlace();
    const eventLog = join(place.directory, 'events.jsonl');
    const limitMs = trialLimitMs(spec, faults, golden.runNs);
    await hosts.ready();
    const injection = new TrialInjection(
      faults.filter((one) => one !== undefined),
      hosts,
      eventLog,
    );
    const run = await injection.during(
      runSession({
        hosts,
        command: golden.room.workload.command,
        environment: golden.room.environment,
        cwd: golden.room.home,
        stdin: golden.room.stdin,
        volumes: golden.room.volumes(place),
        timeoutMs: spec.timeoutMs,
        detect: spec.detect,
        policy: spec.policy,
        timeoutFrom: spec.timeoutFrom ?? 'quorum',
        tsc: spec.tsc,
        seed: options.sessionSeed,
        ...injection.interposition,
        directory: place.directory,
        limitMs,
        signal,
      }),
    );
    // Whatever hung may still hold the hosts.
    if (run.end.type === 'limit') await hosts.restart();
    const victimsDead = await injection.victimsDead();
    const { volume } = place;
    judge(record, { run, faults, golden, limitMs, volume, eventLog, victimsDead });
  } catch (error) {
    signal.throwIfAborted();
    record.outcome = 'harness-error';
    record.reason = error instanceof Error ? error.message : String(error);
  }
  if (place !== undefined) {
    if (isKept(record, options)) record.keptPath = keep(place, record, options);
    removeTree(place.directory);
  }
  record.trialWallNs = monotonicNs() - startedNs;
  return record;
}

/** What is open is drawn from the trial's seed; of two faults each draws for itself. */
export function resolveFaults(
  { fault, secondFault, seed }: Pick<TrialSpec, 'fault' | 'secondFault' | 'seed'>,
  rendezvous: number,
): Faults {
  const first = resolveFault(fault, { rendezvous, seed });
  if (secondFault === undefined) return [first];
  const place = first.kind === 'none' ? {} : { first: first.at.k };
  return [first, resolveFault(secondFault, { rendezvous, seed, ...place })];
}

/** Generous: a hang is to be told from a slow run. */
export function trialLimitMs(spec: TrialSpec, faults: Faults, goldenRunNs: number): number {
  const delayMs = faults.reduce(
    (sum, fault) => sum + (fault === undefined ? 0 : (durationMs(fault) ?? 0)),
    0,
  );
  return Math.ceil(LIMIT_BASE_MS + (4 * goldenRunNs) / 1e6 + 3 * spec.timeoutMs + delayMs);
}

interface Ran {
  run: SessionRun;
  faults: Faults;
  golden: Golden;
  limitMs: number;
  volume: string;
  eventLog: string;
  victimsDead: readonly boolean[];
}

function judge(record: TrialRecord, ran: Ran): void {
  const { run, faults, golden } = ran;
  if (run.report?.outcome === 'failed-to-start') {
    throw new Error(`the session did not start: ${run.report.reason}`);
  }
  const events: FaultEvent[] = existsSync(ran.eventLog) ? readEventLog(ran.eventLog) : [];
  const clock = monitorClock(run.report, record.bootId);
  const flags = countedFlags(run.report).map((flag) => ({
    ...flag,
    tIsolatedNs: clock.fileServer(flag.tIsolatedNs),
  }));
  const flagged = flags.map(({ replica }) => replica);
  const stamped = { events, report: run.report, clock, flagged };
  const present = faults.filter((fault) => fault !== undefined);
  const evidence = present.map((fault, index) =>
    gatherFaultEvidence(fault, index, stamped, ran.victimsDead[index] ?? false),
  );
  const failed = evidence.find((one) => one.failed !== null);
  if (failed !== undefined) throw new Error(`the injector failed: ${failed.failed}`);
  const { stdout, stderr } = run;
  const result = serviceResult({ stdout, stderr, status: shellStatus(run.end) }, ran.volume);
  fillRecord(record, {
    run,
    faults,
    evidence,
    reaction: gatherReaction(present, stamped),
    flags,
    limitMs: ran.limitMs,
    differences: serviceDifferences(golden.result, result),
    wrongOutput: hasWrongOutput(golden.result, result),
  });
}

/**
 * Flags that are the session's verdict on a replica. One that follows the loss of monitor or file
 * server is none (R19), but a replica that alone lost the file server was cut off by it: under
 * `paper` that is how a false notice acts.
 */
function countedFlags(report: Report | null): Report['flags'] {
  const trustedLost = report?.outcome === 'stopped' && / lost\b/.test(report.reason);
  return (report?.flags ?? []).filter(({ consequence }) => !(consequence && trustedLost));
}

const expected = new Set(['masked', 'detected-masked', 'not-activated']);

function isKept(record: TrialRecord, { keep: policy }: TrialOptions): boolean {
  return policy === 'all' || (policy === 'failed' && !expected.has(record.outcome));
}

/** Report, log, streams and volume; returns the path relative to the run directory. */
function keep(place: RunPlace, record: TrialRecord, { runDirectory }: TrialOptions): string {
  const target = join(runDirectory, 'kept', String(record.trial));
  removeTree(target);
  mkdirSync(target, { recursive: true });
  cpSync(place.directory, target, { recursive: true, verbatimSymlinks: true });
  const specs = [record.faultSpec, ...(record.second === null ? [] : [record.second.faultSpec])];
  writeFileSync(join(target, 'fault.txt'), `${specs.join('\n')}\n`);
  return relative(runDirectory, target);
}
