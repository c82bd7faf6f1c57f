/**
 * A part that misbehaves at random (swarm testing: which behaviours there are is drawn for every
 * session, so that one does not drown another). All draws come from the fault's own seed.
 */
import type { PeerMessage, ReplicaId, ViewEntry, Vote } from '../types.ts';
import { blankVote } from '../vote.ts';
import { Dice } from './dice.ts';
import type { FaultHooks, SimControl } from './fault-hooks.ts';
import type { SwarmOfReplica, SwarmOnLink } from './faults.ts';
import { fileServer, monitor } from './network.ts';
import type { Party, SimMessage } from './network.ts';
import { mix } from './program.ts';
import { ownVoteIn, sealAgain } from './seals.ts';

export const swarmOnLink = (fault: SwarmOnLink, sim: SimControl): FaultHooks => {
  const dice = new Dice(fault.seed);
  const { corrupt, delay, forge, lose, reset } = fault.perMille;
  const period = new Period(fault, sim);
  let near = 0;
  const isOn = (from: Party, to: Party): boolean =>
    period.isOn() &&
    ((from === fault.from && to === fault.to) || (from === fault.to && to === fault.from));
  return {
    reached: (replica, k) => {
      if (replica === fault.from) period.reached(k);
      near = k;
    },
    filter: (from, to, message) => {
      if (!isOn(from, to)) return message;
      sim.struck();
      if (dice.strikes(reset)) sim.resetLink(from, to);
      if (dice.strikes(lose)) return undefined;
      if (dice.strikes(forge)) return forged(near, dice);
      return dice.strikes(corrupt) ? corruptedOnLink(message, dice) : message;
    },
    extraDelayNs: (from, to) =>
      isOn(from, to) && dice.strikes(delay) ? dice.below(fault.delayMaxNs) : 0,
  };
};

export const swarmOfReplica = (fault: SwarmOfReplica, sim: SimControl): FaultHooks => {
  const dice = new Dice(fault.seed);
  const { corrupt, delay, early, forge, lose, notice, reset, restart, slow, stop, unseal, wrong } =
    fault.perMille;
  const { target } = fault;
  const period = new Period(fault, sim);
  const parties = [...sim.parties.filter((party) => party !== target), fileServer, monitor];
  const services = [fileServer, monitor];
  return {
    computeNs: (replica, _k, plannedNs) => {
      if (replica !== target || !period.isOn()) return plannedNs;
      if (dice.strikes(early)) return 1;
      return dice.strikes(slow) ? plannedNs + dice.below(fault.delayMaxNs) : plannedNs;
    },
    vote: (replica, vote) => {
      if (replica === target && period.isOn() && dice.strikes(wrong)) vote.sigLo = dice.below(1e9);
    },
    filter: (from, to, message) => {
      if ((from !== target && to !== target) || !period.isOn()) return message;
      sim.struck();
      if (dice.strikes(lose)) return undefined;
      const said = dice.strikes(corrupt) ? corrupted(message, dice) : message;
      const vote = from === target && said !== undefined ? ownVoteIn(from, said) : undefined;
      if (vote !== undefined) {
        sealAgain(target, vote);
        if (dice.strikes(unseal)) vote.seal += 1;
      }
      return said;
    },
    extraDelayNs: (from, to) =>
      (from === target || to === target) && period.isOn() && dice.strikes(delay)
        ? dice.below(fault.delayMaxNs)
        : 0,
    reached: (replica, k) => {
      if (replica !== target) return;
      period.reached(k);
      if (!period.isOn()) return;
      if (dice.strikes(forge)) sim.send(target, dice.pick(sim.parties), forged(k, dice));
      if (dice.strikes(notice)) sim.notice(target, dice.pick(sim.parties), dice.pick(services));
      if (dice.strikes(reset)) sim.resetLink(target, dice.pick(parties));
      if (dice.strikes(stop)) sim.stopTracer(target, dice.below(fault.delayMaxNs));
      // Rarely, since nothing that it does comes after.
      if (dice.strikes(restart) && dice.strikes(100)) {
        sim.restart(target, dice.below(fault.delayMaxNs));
      }
    },
  };
};

/** From the first arrival at `at`; then the fault is over, and the session must come to its end. */
class Period {
  readonly #fault: { at: number; durationNs: number };
  readonly #sim: SimControl;
  #endNs = -Infinity;

  constructor(fault: { at: number; durationNs: number }, sim: SimControl) {
    this.#fault = fault;
    this.#sim = sim;
  }

  reached(k: number): void {
    if (this.#endNs !== -Infinity || k < this.#fault.at) return;
    this.#endNs = this.#sim.nowNs() + this.#fault.durationNs;
  }

  isOn(): boolean {
    return this.#sim.nowNs() < this.#endNs;
  }
}

/** Inputs too: the seal of the vote does not fit then. */
const corruptedOnLink = (message: SimMessage, dice: Dice): SimMessage | undefined => {
  if ((message.type === 'vote' || message.type === 'relay') && dice.below(5) === 0) {
    message.vote.inputs.elapsedNs += 1 + dice.below(1e6);
    return message;
  }
  return corrupted(message, dice);
};

/**
 * Anything but the inputs of a vote: two that hear different inputs of a third, sealed by it, are beyond
 * what the protocol survives (protocol.md 5).
 */
const corrupted = (message: SimMessage, dice: Dice): SimMessage | undefined => {
  switch (message.type) {
    case 'vote':
    case 'relay':
      spoil(message.vote, dice);
      return message;
    case 'view':
      for (const entry of message.entries) {
        if (entry.vote !== undefined && dice.strikes(500)) spoil(entry.vote, dice);
      }
      return message;
    case 'ask':
      return { ...message, k: message.k + dice.below(3) - 1, missing: dice.below(8) };
    case 'call':
    case 'slot':
      return { ...message, digest: mix(message.digest, dice.below(1000)) };
    default:
      return undefined;
  }
};

const spoil = (vote: Vote, dice: Dice): void => {
  const flip = 1 << dice.below(31);
  switch (dice.below(5)) {
    case 0:
      vote.call += 1 + dice.below(100);
      break;
    case 1:
      vote.sigHi = (vote.sigHi ^ flip) >>> 0;
      break;
    case 2:
      vote.k += dice.below(2) === 0 ? 1 : -1;
      break;
    case 3:
      vote.direct = dice.below(8);
      break;
    default:
      vote.sigLo = (vote.sigLo ^ flip) >>> 0;
  }
};

/** A message that no healthy tracer would send now. */
const forged = (near: number, dice: Dice): PeerMessage => {
  const k = near + dice.below(4) - 2;
  const vote: Vote = { ...blankVote(), k, sigLo: dice.below(1e9), direct: dice.below(8) };
  const origin: ReplicaId = 1 + dice.below(3);
  const entries = [1, 2, 3].map((replica): ViewEntry => {
    if (dice.below(2) === 0) return { replica, state: 'vote', vote };
    return { replica, state: dice.pick(['open', 'missing', 'down'] as const) };
  });
  return dice.pick<PeerMessage>([
    { type: 'vote', vote },
    { type: 'relay', origin, vote },
    { type: 'view', stream: 0, k, entries },
    { type: 'ask', stream: 0, k, missing: dice.below(8) },
    { type: 'down', reason: 'forged' },
    { type: 'done' },
    { type: 'ping' },
    { type: 'pong' },
  ]);
};
