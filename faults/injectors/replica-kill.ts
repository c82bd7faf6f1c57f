/** SIGKILL at a rendezvous, while the replica stands at its stop: to it, or to its own tracer. */
import { identifyProcess, isDead, type ProcessIdentity } from '../process-state.ts';
import type { ResolvedFaultOf } from '../fault-spec.ts';
import { isTarget, log, type Injector, type InjectorContext } from './injector.ts';

/** A killed process becomes a zombie within microseconds; a second is far beyond that. */
const READ_BACK_NS = 1e9;

export const replicaKill: Injector<ResolvedFaultOf<'replica-kill'>> = (ports, fault, context) => {
  if (!isTarget(context, fault.target)) return ports;
  let done = false;
  return {
    ...ports,
    atRendezvous(k, call, pid) {
      if (k === fault.trigger.k && !done) {
        done = true;
        kill(fault.target.type === 'tracer' ? process.pid : pid, k, context);
      }
      ports.atRendezvous(k, call, pid);
    },
  };
};

/** After its own SIGKILL a tracer can read nothing back: the harness looks for the pid instead. */
function kill(pid: number, k: number, context: InjectorContext): void {
  const victim = identifyProcess(pid);
  if (victim === undefined) {
    log(context, { type: 'failed', k, error: `expected process ${pid} to be alive, found none` });
    return;
  }
  log(context, { type: 'injected', k, victim });
  process.kill(pid, 'SIGKILL');
  const effective = becomesDead(victim, context);
  const detail = effective ? `process ${pid} is dead` : `process ${pid} still lives`;
  log(context, { type: 'effective', k, effective, detail });
  if (effective) log(context, { type: 'activated', k });
}

function becomesDead(victim: ProcessIdentity, context: InjectorContext): boolean {
  const deadline = context.monotonicNs() + READ_BACK_NS;
  while (!isDead(victim)) if (context.monotonicNs() > deadline) return false;
  return true;
}
