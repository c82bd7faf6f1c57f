/** What each fault kind does to a simulation. */
import type { ReplicaId, Vote } from '../types.ts';
import { cloneVote } from '../vote.ts';
import type { FaultHooks, Phase, SimControl } from './fault-hooks.ts';
import type { AtReplica, Fault, InPhase, OnLink } from './faults.ts';
import { fileServer, monitor } from './network.ts';
import type { LinkFilter, Party, SimMessage } from './network.ts';
import { mix } from './program.ts';
import { ownVoteIn, sealAgain } from './seals.ts';
import { swarmOfReplica, swarmOnLink } from './swarm.ts';

/** The hooks that bring a fault about. `salt` keeps two faults from making the same wrong vote. */
export const hooksOf = (fault: Fault, sim: SimControl, salt: number): FaultHooks => {
  switch (fault.kind) {
    case 'none':
      return {};
    case 'signature-at-sender':
      return { vote: atVote(fault, sim, (vote) => spoil(vote, fault.field, salt)) };
    case 'inputs-at-sender':
      return {
        vote: atVote(fault, sim, (vote) => {
          vote.inputs.elapsedNs = fault.elapsedNs;
          vote.inputs.marks = 2;
        }),
      };
    case 'signature-on-link':
      return { filter: fault.lasting ? everyVote(fault, sim, salt) : oneVote(fault, sim, salt) };
    case 'inputs-on-link':
      return { filter: inputsOnLink(fault, sim) };
    case 'vote-lost':
      return { filter: onVote(fault, sim, () => undefined) };
    case 'replica-wrong':
      return { state: wrongFrom(fault, sim, salt) };
    case 'tracer-crash':
      return inPhase(fault, sim, () => sim.crash(fault.target, fault.lost));
    case 'tracer-restart':
      return inPhase(fault, sim, () => sim.restart(fault.target, fault.afterNs));
    case 'replica-kill':
      return inPhase(fault, sim, () => sim.replicaDies(fault.target));
    case 'replica-slow':
      return {
        computeNs: (replica, k, plannedNs) => {
          if (replica !== fault.target || k !== fault.at) return plannedNs;
          sim.struck();
          return plannedNs + fault.delayNs;
        },
      };
    case 'false-notice':
      return inPhase({ ...fault, phase: 'arrival' }, sim, () => {
        for (const to of fault.to) sim.notice(fault.target, fault.accused, to);
      });
    case 'request-corrupted':
      return { filter: oneDigest(fault, sim, 'call', salt) };
    case 'output-corrupted':
      return { filter: oneDigest(fault, sim, 'slot', salt) };
    case 'link-reset':
      return inPhase({ ...fault, target: fault.from }, sim, () =>
        sim.resetLink(fault.from, fault.to),
      );
    case 'link-dead':
      return deadLink(fault, sim);
    case 'link-slow':
      return slowLink(fault, sim);
    case 'two-faced':
      return twoFaced(fault, sim, salt);
    case 'early-wrong':
      return { state: wrongFrom(fault, sim, salt), computeNs: early(fault) };
    case 'wrong-seal':
      return { filter: wrongSeals(fault, sim) };
    case 'forged-relays':
      return { filter: forgedRelays(fault, sim) };
    case 'rogue':
      return rogue(fault, sim, salt);
    case 'swarm-on-link':
      return swarmOnLink(fault, sim);
    case 'swarm-of-replica':
      return swarmOfReplica(fault, sim);
    case 'tracer-stopped':
      return inPhase(fault, sim, () => sim.stopTracer(fault.target, fault.durationNs));
    case 'service-link-lost':
      return inPhase({ phase: 'arrival', ...fault }, sim, () =>
        sim.resetLink(fault.target, fault.service),
      );
  }
};

const spoil = (vote: Vote, field: 'signature' | 'call', salt: number): void => {
  if (field === 'call') vote.call += 1000 + salt;
  else vote.sigLo = (vote.sigLo ^ (1 << (salt % 31))) >>> 0;
};

const atVote =
  (fault: AtReplica, sim: SimControl, change: (vote: Vote) => void) =>
  (replica: ReplicaId, vote: Vote): void => {
    if (replica !== fault.target || vote.k !== fault.at) return;
    sim.struck();
    change(vote);
  };

const wrongFrom =
  (fault: AtReplica, sim: SimControl, salt: number) =>
  (replica: ReplicaId, k: number, state: number): number => {
    if (replica !== fault.target || k !== fault.at) return state;
    sim.struck();
    return mix(state, 1000 + salt);
  };

const early =
  (fault: AtReplica) =>
  (replica: ReplicaId, k: number, plannedNs: number): number =>
    replica === fault.target && k === fault.at ? 1 : plannedNs;

/** The action, the first time that the tracer watched is in that phase of `at` or a later one. */
const inPhase = (
  fault: AtReplica & InPhase,
  sim: SimControl,
  action: () => void,
): Required<Pick<FaultHooks, 'reached'>> => {
  const watched = fault.seenBy ?? fault.target;
  let done = false;
  return {
    reached: (replica: ReplicaId, k: number, phase: Phase) => {
      if (done || replica !== watched || k < fault.at || phase !== fault.phase) return;
      done = true;
      sim.struck();
      action();
    },
  };
};

const isVoteOf = (
  { from, to, at }: OnLink,
  sender: Party,
  receiver: Party,
  message: SimMessage,
): message is { type: 'vote'; vote: Vote } =>
  sender === from && receiver === to && message.type === 'vote' && message.vote.k === at;

const onVote =
  (
    fault: OnLink,
    sim: SimControl,
    change: (message: { type: 'vote'; vote: Vote }) => SimMessage | undefined,
  ): LinkFilter =>
  (from, to, message) => {
    if (!isVoteOf(fault, from, to, message)) return message;
    sim.struck();
    return change(message);
  };

const oneVote = (fault: OnLink, sim: SimControl, salt: number): LinkFilter =>
  onVote(fault, sim, (message) => {
    spoil(message.vote, 'signature', salt);
    return message;
  });

const everyVote =
  (fault: OnLink, sim: SimControl, salt: number): LinkFilter =>
  (from, to, message) => {
    if (from !== fault.from || to !== fault.to) return message;
    for (const vote of votesIn(message)) {
      if (vote.k < fault.at) continue;
      sim.struck();
      spoil(vote, 'signature', salt);
    }
    return message;
  };

const votesIn = (message: SimMessage): Vote[] => {
  if (message.type === 'vote' || message.type === 'relay') return [message.vote];
  if (message.type !== 'view') return [];
  return message.entries.flatMap(({ vote }) => (vote === undefined ? [] : [vote]));
};

const inputsOnLink = (fault: OnLink, sim: SimControl): LinkFilter =>
  onVote(fault, sim, (message) => {
    if (sim.checksum) return undefined;
    message.vote.inputs.elapsedNs += 1e9;
    return message;
  });

const oneDigest = (
  fault: AtReplica,
  sim: SimControl,
  type: 'call' | 'slot',
  salt: number,
): LinkFilter => {
  let count = 0;
  return (from, _to, message) => {
    if (from !== fault.target || message.type !== type) return message;
    count += 1;
    if (count !== fault.at) return message;
    sim.struck();
    return { ...message, digest: mix(message.digest, salt) };
  };
};

const deadLink = (fault: Extract<Fault, { kind: 'link-dead' }>, sim: SimControl): FaultHooks => {
  let dead = false;
  const { reached } = inPhase({ phase: 'arrival', ...fault, target: fault.from }, sim, () => {
    dead = true;
  });
  return {
    reached,
    filter: (from, to, message) =>
      dead && from === fault.from && to === fault.to ? undefined : message,
  };
};

const slowLink = (fault: Extract<Fault, { kind: 'link-slow' }>, sim: SimControl): FaultHooks => ({
  extraDelayNs: (from, to, message) => {
    const isIt =
      fault.message === 'view'
        ? from === fault.from && to === fault.to && message.type === 'view' && message.k >= fault.at
        : isVoteOf(fault, from, to, message);
    if (!isIt) return 0;
    sim.struck();
    return fault.delayNs;
  },
});

const twoFaced = (
  fault: Extract<Fault, { kind: 'two-faced' }>,
  sim: SimControl,
  salt: number,
): FaultHooks => {
  const isIt = (from: Party, message: SimMessage): message is { type: 'vote'; vote: Vote } =>
    from === fault.target && message.type === 'vote' && message.vote.k === fault.at;
  return {
    vote: atVote(fault, sim, (vote) => {
      if (!fault.coreRight) spoil(vote, 'signature', salt);
    }),
    filter: (from, to, message) => {
      // Spoiling twice restores the vote.
      if (isIt(from, message) && (to === fault.right) !== fault.coreRight) {
        spoil(message.vote, 'signature', salt);
        sealAgain(fault.target, message.vote);
      }
      return message;
    },
  };
};

const wrongSeals =
  (
    { target, to: victim, other, at }: Extract<Fault, { kind: 'wrong-seal' }>,
    sim: SimControl,
  ): LinkFilter =>
  (from, to, message) => {
    const vote = ownVoteIn(from, message);
    if (from !== target || vote === undefined || vote.k < at) return message;
    sim.struck();
    const how = to === victim ? 'badly-sealed' : other;
    if (how === 'withheld') return undefined;
    if (how === 'badly-sealed') vote.seal += 1;
    return message;
  };

const rogue = (
  fault: Extract<Fault, { kind: 'rogue' }>,
  sim: SimControl,
  salt: number,
): FaultHooks => ({
  ...(fault.wrong ? { state: wrongFrom(fault, sim, salt) } : {}),
  computeNs: (replica, k, plannedNs) => (replica === fault.target && k >= fault.at ? 1 : plannedNs),
  ...(fault.forgesRelays ? { filter: forgedForBoth(fault, sim) } : {}),
  ...inPhase({ ...fault, phase: 'arrival' }, sim, () => {
    sim.turnRogue(fault.target, { answersViews: fault.answersViews });
    if (!fault.notices) return;
    for (const accused of sim.parties) {
      if (accused === fault.target) continue;
      sim.notice(fault.target, accused, fileServer);
      sim.notice(fault.target, accused, monitor);
    }
  }),
});

const forgedForBoth = (fault: AtReplica, sim: SimControl): LinkFilter => {
  const filters = sim.parties
    .filter((of) => of !== fault.target)
    .map((of) => forgedRelays({ ...fault, of }, sim));
  return (from, to, message) => {
    for (const filter of filters) filter(from, to, message);
    return message;
  };
};

const forgedRelays =
  ({ target, of, at }: AtReplica & { of: ReplicaId }, sim: SimControl): LinkFilter =>
  (from, to, message) => {
    const isIt = from === target && to !== of && message.type === 'vote' && message.vote.k >= at;
    if (!isIt) return message;
    sim.struck();
    // Under its own seal, for it has no other; it believes that one itself.
    const forged = { type: 'relay', origin: of, vote: cloneVote(message.vote) } as const;
    sim.send(target, to, forged);
    sim.makeBelieve(to, target, forged);
    return message;
  };
