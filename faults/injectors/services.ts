/** Faults between one tracer and NFS server or monitor. */
import type { SessionPorts } from '../../tmr/tracer/session/session-ports.ts';
import type { ToMonitor } from '../../tmr/wire/messages.ts';
import type { ResolvedFaultOf } from '../fault-spec.ts';
import { log, strike, strikeOnce, type Injector } from './injector.ts';

/** What a false notice claims. */
const CLAIMED = 'signature';

/**
 * One erroneous notice about a healthy replica, over the accuser's own authenticated connections (the
 * paper's third fault). The same from outside: notice-client.ts. Whether it arrived is read back by the
 * harness from the list of notices in the report.
 */
export const falseFlagNotice: Injector<ResolvedFaultOf<'false-flag-notice'>> = (
  ports,
  { at, accused, to },
  context,
) =>
  strikeOnce(ports, { at, phase: 'before-vote' }, context, (k) => {
    log(context, { type: 'injected', k });
    if (to !== 'monitor') ports.noticeToServer(accused, 0, k, CLAIMED);
    if (to !== 'nfs') {
      const tNs = context.monotonicNs();
      const notice = { accused, stream: 0, k, mechanism: CLAIMED } as const;
      ports.sendToMonitor({
        type: 'flag',
        ...notice,
        tFirstSuspicionNs: tNs,
        tSecondArrivalNs: tNs,
      });
    }
  });

/** The first call once the rendezvous is decided. */
export const requestBitFlip: Injector<ResolvedFaultOf<'request-bit-flip'>> = (
  ports,
  { at, bit },
  context,
) =>
  afterDecisionOf(ports, at.k, (due) => ({
    sendBytesToServer(record) {
      if (due.k === null) {
        ports.sendBytesToServer(record);
        return;
      }
      const flipped = Buffer.from(record);
      const byte = flipped.length - 1 - (bit >>> 3);
      flipped[byte] = flipped[byte]! ^ (1 << (bit & 7));
      const detail = `byte ${byte} of ${record.length} went from ${record[byte]} to ${flipped[byte]}`;
      strike(context, due.take(), detail, () => ports.sendBytesToServer(flipped));
    },
  }));

/** The first output with a byte once the rendezvous is decided. */
export const outputBitFlip: Injector<ResolvedFaultOf<'output-bit-flip'>> = (
  ports,
  { at, bit },
  context,
) =>
  afterDecisionOf(ports, at.k, (due) => ({
    sendToMonitor(message) {
      const wrong = due.k === null ? undefined : flipOutput(message, bit);
      if (wrong === undefined) {
        ports.sendToMonitor(message);
        return;
      }
      strike(context, due.take(), 'the first byte of an output', () => ports.sendToMonitor(wrong));
    },
  }));

/** Whether the fault may strike now: the rendezvous at which the tracer is, null before its place and once it has struck. */
interface Due {
  readonly k: number | null;
  /** It strikes. */
  take(): number;
}

function afterDecisionOf(
  ports: SessionPorts,
  from: number,
  wrap: (due: Due) => Partial<SessionPorts>,
): SessionPorts {
  let decided = -1;
  let done = false;
  const due: Due = {
    get k() {
      return done || decided < from ? null : decided;
    },
    take() {
      done = true;
      return decided;
    },
  };
  return {
    ...ports,
    afterDecision(k, call, pid) {
      decided = k;
      ports.afterDecision(k, call, pid);
    },
    ...wrap(due),
  };
}

function flipOutput(message: ToMonitor, bit: number): ToMonitor | undefined {
  if (message.type !== 'slot' || message.op.type !== 'output' || message.op.bytes.length === 0) {
    return undefined;
  }
  const bytes = Buffer.from(message.op.bytes);
  bytes[0] = bytes[0]! ^ (1 << bit);
  return { ...message, op: { ...message.op, bytes } };
}

export const serviceLinkLoss: Injector<ResolvedFaultOf<'service-link-loss'>> = (
  ports,
  { at, service },
  context,
) =>
  strikeOnce(ports, { at, phase: 'before-vote' }, context, (k) =>
    strike(context, k, `the connection to the ${service} was closed`, () =>
      ports.closeService(service),
    ),
  );
