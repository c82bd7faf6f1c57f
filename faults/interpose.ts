/**
 * What `--interpose` loads into a session process (bundled to dist/interpose.js): wraps the ports in
 * the injectors of the trial's faults, and notes when this tracer accused somebody and when the program
 * went on. Options: `{ faults, eventLog }`, each fault as text or data with nothing left to draw.
 */
import * as z from 'zod';
import { Sealer } from '../tmr/core/seal.ts';
import type { Interpose, SessionPorts } from '../tmr/tracer/session/session-ports.ts';
import { openEventLines, openEventLog, type WriteEvent } from './event-log.ts';
import {
  FaultSpecError,
  injectingReplica,
  parseFaultData,
  type ResolvedActive,
  type ResolvedFault,
} from './fault-spec.ts';
import { containerFault } from './injectors/container-fault.ts';
import type { Injector, InjectorContext } from './injectors/injector.ts';
import { linkBitFlip, linkReset, linkSilence, voteLoss } from './injectors/links.ts';
import { memoryBitFlip, replicaDelay, replicaKill, tracerDelay } from './injectors/processes.ts';
import {
  falseFlagNotice,
  outputBitFlip,
  requestBitFlip,
  serviceLinkLoss,
} from './injectors/services.ts';
import {
  clockError,
  earlyVote,
  forgedRelay,
  rogueTracer,
  signatureBitFlip,
  twoFacedVote,
  wrongSeal,
} from './injectors/votes.ts';
import type { ActiveKindName } from './kinds/registry.ts';
import { requireResolved } from './resolve.ts';
import { parseFault } from './text.ts';

type Injectors = {
  [Kind in ActiveKindName]: Injector<Extract<ResolvedActive, { kind: Kind }>>;
};

const injectors: Injectors = {
  'signature-bit-flip': signatureBitFlip,
  'two-faced-vote': twoFacedVote,
  'clock-error': clockError,
  'early-vote': earlyVote,
  'forged-relay': forgedRelay,
  'wrong-seal': wrongSeal,
  'rogue-tracer': rogueTracer,
  'memory-bit-flip': memoryBitFlip,
  'replica-kill': replicaKill,
  'tracer-delay': tracerDelay,
  'replica-delay': replicaDelay,
  'false-flag-notice': falseFlagNotice,
  'request-bit-flip': requestBitFlip,
  'output-bit-flip': outputBitFlip,
  'service-link-loss': serviceLinkLoss,
  'link-bit-flip': linkBitFlip,
  'vote-loss': voteLoss,
  'link-silence': linkSilence,
  'link-reset': linkReset,
  'link-partition': containerFault,
  'container-kill': containerFault,
  'container-restart': containerFault,
  'container-pause': containerFault,
  'network-disconnect': containerFault,
  'cpu-quota': containerFault,
  'memory-limit': containerFault,
};

/** What the harness hands to the module. */
export interface InterposeOptions {
  faults: (ResolvedFault | string)[];
  /** A file, or the tag of lines on stderr. */
  eventLog: string | { stderr: string };
}

const optionsSchema = z.object({
  faults: z.array(z.unknown()),
  eventLog: z.union([z.string().min(1), z.object({ stderr: z.string().min(1) })]),
});

/** Throws FaultSpecError when the options do not name faults and a log. */
export const interpose: Interpose = (ports, { plan, options, monotonicNs }) => {
  const { faults, eventLog } = readOptions(options);
  const write =
    typeof eventLog === 'string' ? openEventLog(eventLog) : openEventLines(eventLog.stderr);
  const { replica, settings, sealKeys } = plan;
  const sealer = new Sealer(sealKeys.own);
  const { moduli } = sealKeys;
  const peers = Array.from({ length: settings.replicas }, (_, index) => index + 1).filter(
    (peer) => peer !== replica,
  );
  const context = (fault: number): InjectorContext => {
    return { replica, peers, sealer, moduli, fault, write, monotonicNs };
  };
  const wrapped = faults.reduce((inner, fault, at) => inject(inner, fault, context(at)), ports);
  return observe(wrapped, { replica, write, monotonicNs });
};

/** Wraps `ports` so that `fault` strikes in the process that it is meant for. */
export function inject(
  ports: SessionPorts,
  fault: ResolvedFault,
  context: InjectorContext,
): SessionPorts {
  if (fault.kind === 'none' || injectingReplica(fault) !== context.replica) return ports;
  // The table has the injector of just this kind.
  return (injectors[fault.kind] as Injector<ResolvedActive>)(ports, fault, context);
}

/** Outermost: it sees what the tracer itself says, and no notice that an injector made. */
function observe(
  ports: SessionPorts,
  {
    replica,
    write,
    monotonicNs,
  }: { replica: number; write: WriteEvent; monotonicNs: () => number },
): SessionPorts {
  let accusedAt = -1;
  return {
    ...ports,
    noticeToServer(accused, stream, k, mechanism) {
      accusedAt = k;
      write({ type: 'accused', replica, accused, k, mechanism, tNs: monotonicNs() });
      ports.noticeToServer(accused, stream, k, mechanism);
    },
    afterDecision(k, call, pid) {
      if (accusedAt >= 0) {
        accusedAt = -1;
        write({ type: 'resumed', replica, k, tNs: monotonicNs() });
      }
      ports.afterDecision(k, call, pid);
    },
  };
}

function readOptions(options: unknown): {
  faults: ResolvedFault[];
  eventLog: InterposeOptions['eventLog'];
} {
  const result = optionsSchema.safeParse(options);
  if (!result.success) {
    throw new FaultSpecError(
      `interpose: expected the options {"faults": [FAULT], "eventLog": PATH}, got ${JSON.stringify(options)}`,
    );
  }
  const { faults, eventLog } = result.data;
  const read = (fault: unknown): ResolvedFault =>
    requireResolved(typeof fault === 'string' ? parseFault(fault) : parseFaultData(fault));
  return { faults: faults.map(read), eventLog };
}
