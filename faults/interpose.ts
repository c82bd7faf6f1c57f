/**
 * What `--interpose` loads into a session process (bundled to dist/interpose.js): wraps the ports in
 * the injector of one fault, and notes when this tracer accused somebody and when the program went
 * on. Options: `{ spec, eventLog }`, spec being a fault as text or data with nothing left to draw.
 */
import * as z from 'zod';
import type { Interpose, SessionPorts } from '../tmr/tracer/session/session-ports.ts';
import { openEventLog } from './event-log.ts';
import { FaultSpecError, parseFaultData, type ResolvedFault } from './fault-spec.ts';
import { falseFlagNotice } from './injectors/false-flag-notice.ts';
import { log, type Injector, type InjectorContext } from './injectors/injector.ts';
import { replicaKill } from './injectors/replica-kill.ts';
import { signatureBitFlip } from './injectors/signature-bit-flip.ts';
import { tracerDelay } from './injectors/tracer-delay.ts';
import { requireResolved } from './resolve.ts';
import { parseFault } from './text.ts';

/** What the harness hands to the module. */
export interface InterposeOptions {
  spec: ResolvedFault | string;
  eventLog: string;
}

const optionsSchema = z.object({ spec: z.unknown(), eventLog: z.string().min(1) });

/** Throws FaultSpecError when the options do not name a fault and a log. */
export const interpose: Interpose = (ports, { plan, options, monotonicNs }) => {
  const { fault, eventLog } = readOptions(options);
  const write = openEventLog(eventLog);
  const context: InjectorContext = { replica: plan.replica, write, monotonicNs };
  return observe(inject(ports, fault, context), context);
};

/** Wraps `ports` so that `fault` strikes in the process that it is meant for. */
export function inject(
  ports: SessionPorts,
  fault: ResolvedFault,
  context: InjectorContext,
): SessionPorts {
  if (fault.kind === 'none') return ports;
  const apply = <Fault>(injector: Injector<Fault>, its: Fault): SessionPorts =>
    injector(ports, its, context);
  switch (fault.kind) {
    case 'signature-bit-flip':
      return apply(signatureBitFlip, fault);
    case 'replica-kill':
      return apply(replicaKill, fault);
    case 'tracer-delay':
      return apply(tracerDelay, fault);
    default:
      return apply(falseFlagNotice, fault);
  }
}

/** Outermost: it sees what the tracer itself says, and no notice that an injector made. */
function observe(ports: SessionPorts, context: InjectorContext): SessionPorts {
  let accusedAt = -1;
  return {
    ...ports,
    noticeToServer(accused, stream, k, mechanism) {
      accusedAt = k;
      log(context, { type: 'accused', accused, k, mechanism });
      ports.noticeToServer(accused, stream, k, mechanism);
    },
    afterDecision(k, call, pid) {
      if (accusedAt >= 0) {
        accusedAt = -1;
        log(context, { type: 'resumed', k });
      }
      ports.afterDecision(k, call, pid);
    },
  };
}

function readOptions(options: unknown): { fault: ResolvedFault; eventLog: string } {
  const result = optionsSchema.safeParse(options);
  if (!result.success) {
    throw new FaultSpecError(
      `interpose: expected the options {"spec": FAULT, "eventLog": PATH}, got ${JSON.stringify(options)}`,
    );
  }
  const { spec, eventLog } = result.data;
  const fault = typeof spec === 'string' ? parseFault(spec) : parseFaultData(spec);
  return { fault: requireResolved(fault), eventLog };
}
