/**
 * A session process: waits for a plan over IPC, runs the session synchronously, says how it ended,
 * and waits for the next. It ends with its daemon.
 */
import { pathToFileURL } from 'node:url';
import * as native from 'ptrace-napi';
import type { SessionPlan } from '../wire/session-plan.ts';
import { runSession, type SessionResult } from './session/session.ts';
import { StartError } from './session/start-error.ts';
import type { Interpose } from './session/session-ports.ts';

const SIGKILL = 9;

/** To and from the daemon. */
export type ToSessionProcess = { type: 'run'; plan: SessionPlan };
export type FromSessionProcess = { type: 'idle' } | { type: 'done'; result: SessionResult };

endWithDaemon(Number(process.env['TMR_DAEMON_PID'] ?? process.ppid));
// Orphans of a replica must be reaped here, not by a PID 1 that may never do it.
native.setChildSubreaper();
// The terminal's keys reach the whole foreground group; what they mean is the monitor's affair (R18).
for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGHUP'] as const) {
  process.on(signal, () => {});
}

const cpus = native.getAffinity(0);
process.title = 'tmr session (idle)';
process.on('message', (message: ToSessionProcess) => void run(message.plan));
process.on('disconnect', () => process.exit(0));
tell({ type: 'idle' });

async function run(plan: SessionPlan): Promise<void> {
  process.title = `tmr session ${plan.session} replica ${plan.replica}`;
  const loaded = await loadInterposer(plan);
  let result: SessionResult;
  try {
    result = runSession(plan, cpus, loaded);
  } catch (error) {
    result = { outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  process.title = 'tmr session (idle)';
  tell({ type: 'done', result });
}

/** Loading is asynchronous, the session is not: what went wrong is thrown where it can be told. */
async function loadInterposer(plan: SessionPlan): Promise<() => Interpose | undefined> {
  const chosen = plan.settings.interpose;
  if (chosen === undefined) return () => undefined;
  try {
    const module = (await import(pathToFileURL(chosen.module).href)) as { interpose?: Interpose };
    const { interpose } = module;
    if (interpose !== undefined) return () => interpose;
    return notLoaded(`expected ${chosen.module} to export a function "interpose"`);
  } catch (error) {
    return notLoaded(`cannot load --interpose ${chosen.module}: ${(error as Error).message}`);
  }
}

const notLoaded = (reason: string) => (): never => {
  throw new StartError(reason);
};

function tell(message: FromSessionProcess): void {
  process.send?.(message);
}

/** A daemon that ended while this process started has nothing more to say, nor has this process. */
function endWithDaemon(daemon: number): void {
  try {
    native.setParentDeathSignal(SIGKILL, daemon);
  } catch {
    process.exit(0);
  }
}
