/**
 * The golden run of a workload (DESIGN.md 7): fault-free replicated runs that must be equal to each
 * other and, for a workload declared deterministic, to a native run. What fails is disqualified by
 * name.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:os';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hosts } from './hosts.ts';
import { runProcess, type ProcessEnd } from './process-run.ts';
import { removeTree } from './run-directory.ts';
import {
  resultDigest,
  serviceDifferences,
  serviceResult,
  type ServiceResult,
} from './service-result.ts';
import { runSession, type SessionRun } from './session-run.ts';
import { digestVolume } from './volume-digest.ts';
import type { CampaignOptions, GoldenInfo } from './types.ts';
import { WorkloadRoom } from './workload-room.ts';

/** A qualified workload, ready for trials. */
export interface Golden {
  room: WorkloadRoom;
  result: ServiceResult;
  rendezvous: number;
  /** Medians, ns. */
  runNs: number;
  nativeRunNs: number;
}

export type GoldenOptions = Pick<
  CampaignOptions,
  'tsc' | 'sessionSeed' | 'goldenTimeoutMs' | 'goldenRuns' | 'nativeRuns'
>;

/** No native run of a workload may take longer. */
const NATIVE_LIMIT_MS = 600_000;
/** A replicated run may be this much slower, and then some. */
const SLOWDOWN_MAX = 50;
const GOLDEN_LIMIT_MIN_MS = 60_000;

class Disqualified extends Error {}

/** Runs the workload natively and replicated. Rejects only for an abort or a failing harness. */
export async function recordGolden(
  room: WorkloadRoom,
  hosts: Hosts,
  options: GoldenOptions,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<{ info: GoldenInfo; golden: Golden | null }> {
  const { workload } = room;
  const info: GoldenInfo = {
    workload: workload.name,
    disqualified: null,
    rendezvous: null,
    nativeRunsNs: [],
    goldenRunsNs: [],
    outputDigest: null,
    volumeBytes: null,
    skewMaxMs: null,
    binaries: Object.fromEntries(workload.programs.map((path) => [published(path), sha256(path)])),
  };
  try {
    const native = await runNatively(room, options, info, signal);
    const limitMs = Math.max(GOLDEN_LIMIT_MIN_MS, (SLOWDOWN_MAX * median(info.nativeRunsNs)) / 1e6);
    let first: ServiceResult | undefined;
    for (let run = 0; run < Math.max(2, options.goldenRuns); run++) {
      const result = await runReplicated(room, hosts, options, info, limitMs, signal);
      const [other, name] =
        first === undefined ? [native, 'a native run'] : [first, 'the first one'];
      const compared = first !== undefined || workload.deterministic;
      const differences = compared ? serviceDifferences(other, result) : [];
      if (differences.length > 0) {
        throw new Disqualified(`replicated run differs from ${name}: ${differences.join('; ')}`);
      }
      first ??= result;
      const seconds = ((info.goldenRunsNs.at(-1) ?? 0) / 1e9).toFixed(2);
      const where = hosts.name === 'local' ? '' : ` (${hosts.name})`;
      onLine(
        `${workload.name}${where}: golden run ${run + 1}: ${seconds} s, ${info.rendezvous} rendezvous`,
      );
    }
    const result = first!;
    info.outputDigest = resultDigest(result);
    info.volumeBytes = result.volume.bytes;
    const [runNs, nativeRunNs] = [median(info.goldenRunsNs), median(info.nativeRunsNs)];
    return { info, golden: { room, result, rendezvous: info.rendezvous!, runNs, nativeRunNs } };
  } catch (error) {
    if (!(error instanceof Disqualified)) throw error;
    info.disqualified = error.message;
    onLine(`${workload.name}: disqualified: ${error.message}`);
    return { info, golden: null };
  }
}

/** One warm-up and then the runs that count, all in `home`, which is filled anew for each. */
async function runNatively(
  room: WorkloadRoom,
  options: GoldenOptions,
  info: GoldenInfo,
  signal: AbortSignal,
): Promise<ServiceResult> {
  let result: ServiceResult | undefined;
  const place = await room.makePlace();
  for (let run = 0; run <= Math.max(3, options.nativeRuns); run++) {
    await room.fillHome();
    const streams = { stdout: join(place.directory, 'out'), stderr: join(place.directory, 'err') };
    const end = await runProcess({
      command: room.workload.command,
      cwd: room.home,
      environment: room.environment,
      stdin: room.stdin,
      ...streams,
      limitMs: NATIVE_LIMIT_MS,
      signal,
    }).catch((error: NodeJS.ErrnoException) => {
      if (error.syscall?.startsWith('spawn') !== true) throw error;
      throw new Disqualified(`the program cannot be started: ${error.message}`);
    });
    if (end.type === 'limit') {
      throw new Disqualified(`a native run did not end within ${NATIVE_LIMIT_MS} ms`);
    }
    if (run > 0) info.nativeRunsNs.push(end.endNs - end.startNs);
    result ??= serviceResult(
      {
        stdout: readFileSync(streams.stdout),
        stderr: readFileSync(streams.stderr),
        status: shellStatus(end),
      },
      room.home,
    );
  }
  await room.fillHome();
  removeTree(place.directory);
  return result!;
}

async function runReplicated(
  room: WorkloadRoom,
  hosts: Hosts,
  options: GoldenOptions,
  info: GoldenInfo,
  limitMs: number,
  signal: AbortSignal,
): Promise<ServiceResult> {
  const place = await room.makePlace();
  const before = digestVolume(room.home).digest;
  await hosts.ready();
  const run = await runSession({
    hosts,
    command: room.workload.command,
    environment: { ...room.environment },
    cwd: room.home,
    stdin: room.stdin,
    volumes: room.volumes(place),
    timeoutMs: options.goldenTimeoutMs,
    detect: 'any',
    policy: 'agreed',
    tsc: options.tsc,
    seed: options.sessionSeed,
    directory: place.directory,
    limitMs,
    signal,
  });
  const report = requireClean(run, limitMs);
  if (digestVolume(room.home).digest !== before) {
    throw new Disqualified('a replicated run wrote to files outside its volumes');
  }
  info.goldenRunsNs.push(Math.round(report.tEndNs - report.tStartNs));
  info.rendezvous ??= report.rendezvous;
  if (report.skewMaxMs !== null) {
    info.skewMaxMs = Math.max(info.skewMaxMs ?? 0, report.skewMaxMs);
  }
  const { stdout, stderr } = run;
  const result = serviceResult({ stdout, stderr, status: shellStatus(run.end) }, place.volume);
  removeTree(place.directory);
  return result;
}

/** Without a fault nothing may be amiss. */
function requireClean(run: SessionRun, limitMs: number): NonNullable<SessionRun['report']> {
  const { report, end, notes } = run;
  if (end.type === 'limit') throw new Disqualified(`a replicated run did not end in ${limitMs} ms`);
  if (report === null) {
    throw new Disqualified(`a replicated run left no report: ${notes.trim() || shellStatus(end)}`);
  }
  if (report.outcome !== 'completed') {
    throw new Disqualified(`a replicated run without a fault ${report.outcome}: ${report.reason}`);
  }
  const flagged = report.flags.map(({ replica, mechanism }) => `replica ${replica} (${mechanism})`);
  const lost = [...report.fences, ...report.lost].map(
    ({ replica, reason }) => `replica ${replica} (${reason})`,
  );
  if (flagged.length + lost.length > 0) {
    throw new Disqualified(
      `a run without a fault flagged or lost ${[...flagged, ...lost].join(', ')}`,
    );
  }
  return report;
}

/** As a shell gives it. */
export function shellStatus(end: ProcessEnd): number {
  return end.signal === null ? (end.status ?? 0) : 128 + constants.signals[end.signal];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : Math.round((sorted[middle - 1]! + sorted[middle]!) / 2);
}

/** Without the place of the checkout, which concerns no reader of a manifest. */
function published(path: string): string {
  return path.replace(/^.*(?=results\/\.cache\/)/, '');
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
