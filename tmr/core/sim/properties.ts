/** P1 to P6 of DESIGN.md 4 as checks on a finished simulation. */
import type { ReplicaId } from '../types.ts';
import { traitsOfAll } from './fault-traits.ts';
import type { FaultTraits } from './fault-traits.ts';
import { goldenRun } from './program.ts';
import type { World } from './program.ts';
import type { FlagRecord, HostRecord } from './host-record.ts';
import type { SimResult } from './trio.ts';

export type PropertyName = 'P1' | 'P2' | 'P3' | 'P4' | 'P5' | 'P6';
export interface Violation {
  property: PropertyName;
  text: string;
}

/** P1-P5, for a scenario whose faults are all in one part. An empty list: all hold. */
export const checkSingleFault = (result: SimResult): Violation[] => [
  ...checkSafety(result),
  ...checkLiveness(result),
];

/** Nothing wrong is done, at any time: P1, P2, P4. */
export const checkSafety = (result: SimResult): Violation[] => {
  const view = new Finished(result);
  if (view.wasNotStarted) return view.checkNotStarted();
  return [
    ...view.checkOutput(),
    ...view.checkInputs(),
    ...view.checkNobodyHealthyFlagged(),
    ...view.checkMembership(),
  ];
};

/** What has to be done is done in bounded time: P3, P5. */
export const checkLiveness = (result: SimResult): Violation[] => {
  const view = new Finished(result);
  if (view.wasNotStarted) return [];
  return [...view.checkDetection(), ...view.checkProgress(), ...view.checkEnd()];
};

/**
 * P6, for any number of faults in a program without clock calls: what left the session is right,
 * and all of it if no error is reported.
 */
export const checkNeverWrongSilently = ({ outcome, scenario, world }: SimResult): Violation[] => {
  const golden = goldenRun(scenario.program, () => 0);
  const released = golden.output.slice(0, world.output.length);
  if (!sameList(released, world.output)) {
    return [violation('P6', `output ${world.output.join()}, expected ${golden.output.join()}`)];
  }
  return outcome === 'exited' ? compareWorlds('P6', world, golden) : [];
};

class Finished {
  readonly #result: SimResult;
  readonly #traits: FaultTraits;
  readonly #healthy: [ReplicaId, HostRecord][];

  constructor(result: SimResult) {
    this.#result = result;
    this.#traits = traitsOfAll(result.scenario);
    this.#healthy = [...result.hosts].filter(([id]) => id !== this.#traits.faulty);
  }

  /** R0: a fault before the session was started. */
  get wasNotStarted(): boolean {
    const { outcome, reason, scenario } = this.#result;
    if (!scenario.faults.some((fault) => 'at' in fault && fault.at === 0)) return false;
    return outcome === 'stopped' && (reason.startsWith('start:') || reason.startsWith('too few'));
  }

  checkNotStarted(): Violation[] {
    const { world, flaggedByMonitor, flaggedByServer, hosts } = this.#result;
    const flags = [...hosts.values()].reduce((sum, host) => sum + host.flags.length, 0);
    if (flags + flaggedByMonitor.size + flaggedByServer.size + world.output.length === 0) return [];
    return [violation('P2', 'a session that was not started flagged somebody or wrote something')];
  }

  checkOutput(): Violation[] {
    const { outcome, scenario, world } = this.#result;
    if (outcome !== 'exited') return [];
    const clocks = new Map<number, number>();
    for (const [, { goOns }] of this.#healthy) {
      for (const { k, inputs } of goOns) clocks.set(k, inputs.elapsedNs);
    }
    return compareWorlds(
      'P1',
      world,
      goldenRun(scenario.program, (k) => clocks.get(k) ?? NaN),
    );
  }

  /** R8: equal in all, never backwards, and between the readings of healthy clocks. */
  checkInputs(): Violation[] {
    const found: Violation[] = [];
    const first = new Map<number, string>();
    for (const [id, { goOns }] of this.#healthy) {
      let previousNs = -Infinity;
      for (const { k, inputs, members } of goOns) {
        const text = `${inputs.elapsedNs} ns, marks ${inputs.marks}, members ${members.join()}`;
        const other = first.get(k) ?? text;
        first.set(k, other);
        if (other !== text)
          found.push(violation('P1', `inputs of ${k} at ${id}: ${text}; ${other}`));
        if (inputs.elapsedNs < previousNs) found.push(violation('P1', `clock backwards at ${k}`));
        if (inputs.marks !== 0) found.push(violation('P1', `a lone mark was delivered at ${k}`));
        if (!this.#isHealthyReading(k, inputs.elapsedNs, previousNs)) {
          found.push(violation('P1', `clock ${inputs.elapsedNs} at ${k} is no healthy reading`));
        }
        previousNs = inputs.elapsedNs;
      }
    }
    return found;
  }

  checkNobodyHealthyFlagged(): Violation[] {
    const { hosts, flaggedByMonitor, flaggedByServer } = this.#result;
    const may = this.#traits.flag === 'never' ? undefined : this.#traits.faulty;
    const accused = [
      ...this.#healthy.flatMap(([id, { flags }]) => flags.map((flag) => [id, flag.accused])),
      ...[...flaggedByServer].map((replica) => ['file server', replica]),
      ...[...flaggedByMonitor].map((replica) => ['monitor', replica]),
    ];
    const found = accused
      .filter(([, replica]) => replica !== may)
      .map(([by, replica]) => violation('P2', `${by} flagged ${replica}, which is healthy`));
    for (const [id, { ending, reason }] of this.#healthy) {
      if (ending === 'fenced') found.push(violation('P2', `healthy ${id} fenced: ${reason}`));
    }
    return hosts.size < 3 ? [] : found;
  }

  checkDetection(): Violation[] {
    const { faulty, flag: expected } = this.#traits;
    if (faulty === undefined || expected === 'never') return [];
    const found: Violation[] = [];
    for (const [id, { flags }] of this.#healthy) {
      const flag = flags.find(({ accused }) => accused === faulty);
      if (flag === undefined) {
        if (expected === 'must') found.push(violation('P3', `${id} never flagged ${faulty}`));
        continue;
      }
      const boundNs = this.#detectionBoundNs(flag);
      if (flag.atNs > boundNs) {
        found.push(violation('P3', `${id} flagged ${faulty} at ${flag.atNs}, bound ${boundNs}`));
      }
    }
    return found;
  }

  checkMembership(): Violation[] {
    const { outcome, scenario, flaggedByMonitor, flaggedByServer } = this.#result;
    if (outcome !== 'exited') return [];
    const all = Array.from({ length: scenario.replicas }, (_, index) => index + 1);
    const without = (flagged: ReadonlySet<ReplicaId>): string =>
      all.filter((replica) => !flagged.has(replica)).join();
    const server = without(flaggedByServer);
    const found: Violation[] = [];
    if (without(flaggedByMonitor) !== server) {
      found.push(violation('P4', `monitor: ${without(flaggedByMonitor)}, server: ${server}`));
    }
    for (const [id, { goOns }] of this.#healthy) {
      const members = goOns.at(-1)?.members.join() ?? '';
      if (members !== server) found.push(violation('P4', `${id}: ${members}, server: ${server}`));
    }
    return found;
  }

  /** A rendezvous keeps the healthy no longer than the bound of an absent vote (P3), flag or not. */
  checkProgress(): Violation[] {
    const { scenario } = this.#result;
    const { linkDelayNs: d, tickNs, timeoutNs } = scenario;
    if (scenario.suspension !== undefined) return [];
    const found: Violation[] = [];
    for (const [id, { goOns }] of this.#healthy) {
      // The start has a time-out of its own (R0).
      for (const { k, atNs } of goOns.filter((goOn) => goOn.k > 0)) {
        const votesNs = this.#healthy.flatMap(([, { votes }]) =>
          votes.filter((vote) => vote.k === k).map((vote) => vote.atNs),
        );
        const waitedNs = atNs - Math.max(...votesNs);
        if (waitedNs > timeoutNs + tickNs + 3 * d) {
          found.push(violation('P5', `${id} waited ${waitedNs} at rendezvous ${k}`));
        }
      }
    }
    return found;
  }

  checkEnd(): Violation[] {
    const { outcome, reason } = this.#result;
    if (outcome !== 'exited') return [violation('P5', `the session ${outcome}: ${reason}`)];
    return this.#healthy
      .filter(([, { ending }]) => ending !== 'ended')
      .map(([id, { ending, reason: why }]) => violation('P5', `healthy ${id} ${ending}: ${why}`));
  }

  #isHealthyReading(k: number, elapsedNs: number, previousNs: number): boolean {
    const readings = this.#healthy.flatMap(([, { votes }]) =>
      votes.filter((vote) => vote.k === k).map((vote) => vote.elapsedNs),
    );
    return (
      elapsedNs === previousNs ||
      (elapsedNs >= Math.min(...readings) && elapsedNs <= Math.max(...readings))
    );
  }

  /** protocol.md 1, P3; d and the tick as the session states them. */
  #detectionBoundNs({ k, accused, mechanism, tSecondArrivalNs }: FlagRecord): number {
    const { scenario, hosts } = this.#result;
    const { linkDelayNs: d, tickNs, timeoutNs } = scenario;
    const voteNs = (record: HostRecord | undefined): number =>
      record?.votes.find((vote) => vote.k === k)?.atNs ?? NaN;
    const healthyNs = this.#healthy.map(([, record]) => voteNs(record));
    const mechanisms = this.#healthy.flatMap(([, { flags }]) =>
      flags.filter((flag) => flag.k === k).map((flag) => flag.mechanism),
    );
    const wrong = (name: string): boolean => name === 'signature' || name === 'call-number';
    // A wrong vote that comes after both healthy ones is absent until then.
    const bothNs = Math.max(...healthyNs, mechanisms.every(wrong) ? voteNs(hosts.get(accused)) : 0);
    // One that loses and delays its own messages may show a wrong vote to one healthy tracer first.
    const shownToBoth = !scenario.faults.some(({ kind }) => kind === 'swarm-of-replica');
    if (shownToBoth && mechanisms.length > 1 && mechanisms.every(wrong)) {
      return bothNs + 2 * d + tickNs;
    }
    if (wrong(mechanism)) return bothNs + timeoutNs + 3 * d + tickNs;
    const secondNs = Number.isNaN(tSecondArrivalNs) ? bothNs : Math.max(tSecondArrivalNs, bothNs);
    return secondNs + timeoutNs + tickNs + 3 * d;
  }
}

const compareWorlds = (property: PropertyName, world: World, golden: World): Violation[] => {
  const found: Violation[] = [];
  if (!sameList(world.output, golden.output)) {
    found.push(violation(property, `output ${world.output.join()}, not ${golden.output.join()}`));
  }
  if (world.volume !== golden.volume) {
    found.push(violation(property, `volume ${world.volume}, not ${golden.volume}`));
  }
  return found;
};

const sameList = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index]);

const violation = (property: PropertyName, text: string): Violation => ({ property, text });
