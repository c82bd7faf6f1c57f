/** Every fault kind of protocol.md 6 as data, what it does, and what may come of it. */
import type { ReplicaId, Vote } from '../types.ts';
import type { FaultHooks, Phase, SimControl } from './fault-hooks.ts';
import { fileServer, monitor } from './network.ts';
import type { LinkFilter, Party, SimMessage } from './network.ts';
import { mix } from './program.ts';

interface AtReplica {
  target: ReplicaId;
  /** The rendezvous. */
  at: number;
}
interface OnLink {
  from: ReplicaId;
  to: ReplicaId;
  at: number;
}

export type Fault =
  | { kind: 'none' }
  /** Wrong signature (or call number) in one vote, at the sender. */
  | ({ kind: 'signature-at-sender'; field: 'signature' | 'call' } & AtReplica)
  | ({ kind: 'inputs-at-sender'; elapsedNs: number } & AtReplica)
  /** Past the checksum; once, or in every vote from then on, in relays and views too. */
  | ({ kind: 'signature-on-link'; lasting: boolean } & OnLink)
  | ({ kind: 'inputs-on-link' } & OnLink)
  | ({ kind: 'vote-lost' } & OnLink)
  | ({ kind: 'replica-wrong' } & AtReplica)
  /** `lost`: to whom the messages of its last instant do not get through. */
  | ({ kind: 'tracer-crash'; phase: Phase; lost: readonly Party[] } & AtReplica)
  | ({ kind: 'replica-kill'; phase: Phase } & AtReplica)
  | ({ kind: 'replica-slow'; delayNs: number } & AtReplica)
  | ({ kind: 'false-notice'; accused: ReplicaId; to: readonly Party[] } & AtReplica)
  | ({ kind: 'request-corrupted' } & AtReplica)
  | ({ kind: 'output-corrupted' } & AtReplica)
  | ({ kind: 'link-reset'; phase: Phase } & OnLink)
  | ({ kind: 'link-dead' } & OnLink)
  /** From the vote for `at` on everything waits so long, as behind a proxy that withholds frames. */
  | ({ kind: 'link-slow'; delayNs: number } & OnLink)
  /** `coreRight`: it believes what it tells `right`, or else what it tells the others. */
  | ({ kind: 'two-faced'; right: ReplicaId; coreRight: boolean } & AtReplica)
  | ({ kind: 'early-wrong' } & AtReplica)
  /**
   * It votes early, waits for nobody and never fences; it may be wrong, and send notices and false
   * views. One that is right runs ahead with right requests.
   */
  | ({ kind: 'rogue'; wrong: boolean; notices: boolean; answersViews: boolean } & AtReplica)
  | ({ kind: 'tracer-stopped'; phase: Phase; durationNs: number } & AtReplica)
  | ({ kind: 'service-link-lost'; service: Party } & AtReplica);

export type FaultKind = Fault['kind'];

/** The hooks that bring a fault about. `salt` keeps two faults from making the same wrong vote. */
export const hooksOf = (fault: Fault, sim: SimControl, salt: number): FaultHooks => {
  switch (fault.kind) {
    case 'none':
      return {};
    case 'signature-at-sender':
      return { vote: atVote(fault, (vote) => spoil(vote, fault.field, salt)) };
    case 'inputs-at-sender':
      return {
        vote: atVote(fault, (vote) => {
          vote.inputs.elapsedNs = fault.elapsedNs;
          vote.inputs.marks = 2;
        }),
      };
    case 'signature-on-link':
      return { filter: fault.lasting ? everyVote(fault, salt) : oneVote(fault, salt) };
    case 'inputs-on-link':
      return { filter: inputsOnLink(fault, sim) };
    case 'vote-lost':
      return { filter: onVote(fault, () => undefined) };
    case 'replica-wrong':
      return { state: wrongFrom(fault, salt) };
    case 'tracer-crash':
      return { reached: once(fault, fault.phase, () => sim.crash(fault.target, fault.lost)) };
    case 'replica-kill':
      return { reached: once(fault, fault.phase, () => sim.replicaDies(fault.target)) };
    case 'replica-slow':
      return {
        computeNs: (replica, k, plannedNs) =>
          replica === fault.target && k === fault.at ? plannedNs + fault.delayNs : plannedNs,
      };
    case 'false-notice':
      return {
        reached: once(fault, 'arrival', () => {
          for (const to of fault.to) sim.notice(fault.target, fault.accused, to);
        }),
      };
    case 'request-corrupted':
      return { filter: oneDigest(fault, 'call', salt) };
    case 'output-corrupted':
      return { filter: oneDigest(fault, 'slot', salt) };
    case 'link-reset':
      return {
        reached: once({ target: fault.from, at: fault.at }, fault.phase, () =>
          sim.resetLink(fault.from, fault.to),
        ),
      };
    case 'link-dead':
      return deadLink(fault);
    case 'link-slow':
      return {
        extraDelayNs: (from, to, message) =>
          from === fault.from &&
          to === fault.to &&
          message.type === 'vote' &&
          message.vote.k === fault.at
            ? fault.delayNs
            : 0,
      };
    case 'two-faced':
      return twoFaced(fault, salt);
    case 'early-wrong':
      return { state: wrongFrom(fault, salt), computeNs: early(fault) };
    case 'rogue':
      return rogue(fault, sim, salt);
    case 'tracer-stopped':
      return {
        reached: once(fault, fault.phase, () => sim.stopTracer(fault.target, fault.durationNs)),
      };
    case 'service-link-lost':
      return {
        reached: once(fault, 'arrival', () => sim.resetLink(fault.target, fault.service)),
      };
  }
};

const spoil = (vote: Vote, field: 'signature' | 'call', salt: number): void => {
  if (field === 'call') vote.call += 1000 + salt;
  else vote.sigLo = (vote.sigLo ^ (1 << (salt % 31))) >>> 0;
};

const atVote =
  (fault: AtReplica, change: (vote: Vote) => void) =>
  (replica: ReplicaId, vote: Vote): void => {
    if (replica === fault.target && vote.k === fault.at) change(vote);
  };

const wrongFrom =
  (fault: AtReplica, salt: number) =>
  (replica: ReplicaId, k: number, state: number): number =>
    replica === fault.target && k === fault.at ? mix(state, 1000 + salt) : state;

const early =
  (fault: AtReplica) =>
  (replica: ReplicaId, k: number, plannedNs: number): number =>
    replica === fault.target && k === fault.at ? 1 : plannedNs;

/** Runs the action the first time the target is at that phase of rendezvous `at` or a later one. */
const once = (
  fault: AtReplica,
  phase: Phase,
  action: () => void,
): NonNullable<FaultHooks['reached']> => {
  let done = false;
  return (replica, k, reachedPhase) => {
    if (done || replica !== fault.target || k < fault.at || reachedPhase !== phase) return;
    done = true;
    action();
  };
};

const onVote =
  (fault: OnLink, change: (message: { type: 'vote'; vote: Vote }) => SimMessage | undefined) =>
  (from: Party, to: Party, message: SimMessage): SimMessage | undefined => {
    if (from !== fault.from || to !== fault.to || message.type !== 'vote') return message;
    return message.vote.k === fault.at ? change(message) : message;
  };

const oneVote = (fault: OnLink, salt: number): LinkFilter =>
  onVote(fault, (message) => {
    spoil(message.vote, 'signature', salt);
    return message;
  });

const everyVote =
  (fault: OnLink, salt: number): LinkFilter =>
  (from, to, message) => {
    if (from !== fault.from || to !== fault.to) return message;
    if (message.type === 'vote' || message.type === 'relay') {
      if (message.vote.k >= fault.at) spoil(message.vote, 'signature', salt);
    } else if (message.type === 'view' && message.k >= fault.at) {
      for (const { vote } of message.entries) {
        if (vote !== undefined) spoil(vote, 'signature', salt);
      }
    }
    return message;
  };

const inputsOnLink = (fault: OnLink, sim: SimControl): LinkFilter =>
  onVote(fault, (message) => {
    if (sim.checksum) return undefined;
    message.vote.inputs.elapsedNs += 1e9;
    return message;
  });

const oneDigest = (fault: AtReplica, type: 'call' | 'slot', salt: number): LinkFilter => {
  let count = 0;
  return (from, _to, message) => {
    if (from !== fault.target || message.type !== type) return message;
    count += 1;
    return count === fault.at ? { ...message, digest: mix(message.digest, salt) } : message;
  };
};

const deadLink = (fault: OnLink): FaultHooks => {
  let dead = false;
  return {
    reached: (replica, k) => {
      if (replica === fault.from && k >= fault.at) dead = true;
    },
    filter: (from, to, message) =>
      dead && from === fault.from && to === fault.to ? undefined : message,
  };
};

const twoFaced = (fault: Extract<Fault, { kind: 'two-faced' }>, salt: number): FaultHooks => {
  const isIt = (from: Party, message: SimMessage): message is { type: 'vote'; vote: Vote } =>
    from === fault.target && message.type === 'vote' && message.vote.k === fault.at;
  return {
    vote: atVote(fault, (vote) => {
      if (!fault.coreRight) spoil(vote, 'signature', salt);
    }),
    filter: (from, to, message) => {
      // Spoiling twice restores the vote.
      if (isIt(from, message) && (to === fault.right) !== fault.coreRight) {
        spoil(message.vote, 'signature', salt);
      }
      return message;
    },
  };
};

const rogue = (
  fault: Extract<Fault, { kind: 'rogue' }>,
  sim: SimControl,
  salt: number,
): FaultHooks => ({
  ...(fault.wrong ? { state: wrongFrom(fault, salt) } : {}),
  computeNs: (replica, k, plannedNs) => (replica === fault.target && k >= fault.at ? 1 : plannedNs),
  reached: once(fault, 'arrival', () => {
    sim.turnRogue(fault.target, { answersViews: fault.answersViews });
    if (!fault.notices) return;
    for (const accused of sim.parties) {
      if (accused === fault.target) continue;
      sim.notice(fault.target, accused, fileServer);
      sim.notice(fault.target, accused, monitor);
    }
  }),
});
