/** Holds the whole session process once, before its vote: it neither votes nor listens meanwhile. */
import { identifyProcess } from '../process-state.ts';
import type { ResolvedFaultOf } from '../fault-spec.ts';
import { isTarget, log, type Injector } from './injector.ts';

export const tracerDelay: Injector<ResolvedFaultOf<'tracer-delay'>> = (ports, fault, context) => {
  if (!isTarget(context, fault.target)) return ports;
  let done = false;
  return {
    ...ports,
    atRendezvous(k, call, pid) {
      if (k === fault.trigger.k && !done) {
        done = true;
        // Who is flagged meanwhile may be killed before it wakes: the harness looks for that.
        const victim = identifyProcess(process.pid);
        log(context, { type: 'injected', k, ...(victim && { victim }) });
        const sinceNs = context.monotonicNs();
        // Nobody notifies this cell: a sleep of the thread that no timer signal cuts short.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fault.duration);
        const heldMs = (context.monotonicNs() - sinceNs) / 1e6;
        const detail = `held for ${heldMs.toFixed(1)} ms of ${fault.duration} ms`;
        // The kernel's timers may end a sleep within a tick of its rounded end, never earlier.
        const effective = heldMs >= fault.duration - 1;
        log(context, { type: 'effective', k, effective, detail });
        log(context, { type: 'activated', k });
      }
      ports.atRendezvous(k, call, pid);
    },
  };
};
