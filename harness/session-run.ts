/** One session on running hosts: `tmr monitor` there, and what it left. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Detect, Policy, TimeoutFrom } from '../tmr/core/types.ts';
import { report as reportSchema, type Report } from '../tmr/monitor/report-schema.ts';
import type { TscPolicy } from '../tmr/wire/session-plan.ts';
import type { Hosts } from './hosts.ts';
import type { ProcessEnd } from './process-run.ts';

export interface SessionRequest {
  hosts: Hosts;
  command: readonly string[];
  environment: Record<string, string>;
  /** Exists here, and is where a volume is seen by the replicas. */
  cwd: string;
  stdin: string | null;
  volumes: readonly { subtree: string; path: string; readOnly?: boolean }[];
  timeoutMs: number;
  detect: Detect;
  policy: Policy;
  /** `quorum` where it is not given. */
  timeoutFrom?: TimeoutFrom;
  tsc: TscPolicy;
  seed: string;
  interpose?: { module: string; options: unknown };
  /** Takes stdout, stderr and report. */
  directory: string;
  limitMs: number;
  signal: AbortSignal;
}

export interface SessionRun {
  end: ProcessEnd;
  /** Null when the monitor wrote none, or none that its schema allows. */
  report: Report | null;
  stdout: Buffer;
  /** The program's, without tmr's own lines. */
  stderr: Buffer;
  /** tmr's own lines on stderr. */
  notes: string;
}

export async function runSession(request: SessionRequest): Promise<SessionRun> {
  const file = (name: string): string => join(request.directory, name);
  rmSync(file('report.json'), { force: true });
  const end = await request.hosts.runMonitor({
    options: monitorArguments(request, file('report.json')),
    directory: request.directory,
    cwd: request.cwd,
    environment: request.environment,
    stdin: request.stdin,
    stdout: file('stdout'),
    stderr: file('stderr'),
    limitMs: request.limitMs,
    signal: request.signal,
  });
  return {
    end,
    report: readReport(file('report.json')),
    stdout: readFileSync(file('stdout')),
    ...splitNotes(readFileSync(file('stderr'))),
  };
}

function monitorArguments(request: SessionRequest, reportFile: string): string[] {
  const { interpose } = request;
  const args = ['--report', reportFile];
  for (const { subtree, path, readOnly } of request.volumes) {
    args.push('--volume', `${subtree}=${path}${readOnly === true ? ':ro' : ''}`);
  }
  args.push('--timeout', `${request.timeoutMs}ms`, '--detect', request.detect);
  args.push('--policy', request.policy, '--timeout-from', request.timeoutFrom ?? 'quorum');
  args.push('--tsc', request.tsc, '--seed', request.seed);
  if (interpose !== undefined) {
    args.push('--interpose', interpose.module);
    args.push('--interpose-options', JSON.stringify(interpose.options));
  }
  return [...args, '--', ...request.command];
}

function readReport(path: string): Report | null {
  if (!existsSync(path)) return null;
  const result = reportSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!result.success) throw new Error(`report of another form: ${result.error.message}`);
  return result.data;
}

/** Lines of tmr's own begin with `tmr: ` and are whole. */
export function splitNotes(bytes: Buffer): { stderr: Buffer; notes: string } {
  const text = bytes.toString('latin1');
  const own = /^tmr: .*\n/gm;
  return {
    stderr: Buffer.from(text.replace(own, ''), 'latin1'),
    notes: Buffer.from((text.match(own) ?? []).join(''), 'latin1').toString('utf8'),
  };
}
