/**
 * What `--interpose` loads into a session process (bundled to dist/interpose.js): wraps the ports in
 * the injector of one fault, and notes when this tracer accused somebody and when the program went
 * on. Options: `{ spec, eventLog }`, spec being a fault as text or data with nothing left to draw.
 */
import * as z from 'zod';
import type { Interpose, SessionPorts } from '../tmr/tracer/session/session-ports.ts';
import { openEventLines, openEventLog } from './event-log.ts';
import { FaultSpecError, parseFaultData, type ResolvedFault } from './fault-spec.ts';
import { containerFault } from './injectors/container-fault.ts';
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
  /** A file, or the tag of lines on stderr. */
  eventLog: string | { stderr: string };
}

const optionsSchema = z.object({
  spec: z.unknown(),
  eventLog: z.union([z.string().min(1), z.object({ stderr: z.string().min(1) })]),
});

/** Throws FaultSpecError when the options do not name a fault and a log. */
export const interpose: Interpose = (ports, { plan, options, monotonicNs }) => {
  const { fault, eventLog } = readOptions(options);
  const write =
    typeof eventLog === 'string' ? openEventLog(eventLog) : openEventLines(eventLog.stderr);
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
    case 'false-flag-notice':
      return apply(falseFlagNotice, fault);
    default:
      return apply(containerFault, fault);
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

function readOptions(options: unknown): {
  fault: ResolvedFault;
  eventLog: InterposeOptions['eventLog'];
} {
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
