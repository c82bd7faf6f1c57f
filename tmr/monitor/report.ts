/** Builds a session's report from the facts. */
import { detectionBounds } from '../core/bounds.ts';
import type { SessionStatus } from '../nfs/protocol/private-program.ts';
import { TMR_VERSION } from '../wire/build-id.ts';
import { bootId } from '../wire/clock-identity.ts';
import type { Address, SessionStatistics } from '../wire/messages.ts';
import type { SessionSettings, Volume } from '../wire/session-plan.ts';
import type { PartyClock } from './clock-offset.ts';
import { secondOrOnly } from './facts.ts';
import type { SessionFacts, SessionResult } from './facts.ts';
import type { Report } from './report-schema.ts';
import { tscOf } from './time-stamp-counter.ts';

export interface ReportInput {
  session: string;
  command: readonly string[];
  settings: SessionSettings;
  volumes: readonly Volume[];
  tracers: readonly Address[];
  facts: SessionFacts;
  result: SessionResult;
  /** Slots carried out. */
  slots: number;
  /** The file server's last word; undefined when it gave none. */
  fileServer: SessionStatus | undefined;
  /** Replicas on machines that trap no rdtsc whatever they are asked. */
  untrapped: readonly number[];
  /** Of those parties that answered. */
  clocks: readonly PartyClock[];
  tStartNs: number;
  tRunningNs: number;
  tEndNs: number;
}

const NS_PER_MS = 1e6;

export function buildReport(input: ReportInput): Report {
  const { facts, settings, result, fileServer } = input;
  const statistics = [...facts.statistics.values()];
  const skewMaxMs = largest(statistics.map((s) => s.skewMaxNs / NS_PER_MS));
  return {
    version: 1,
    tmr: TMR_VERSION,
    session: input.session,
    command: [...input.command],
    outcome: result.outcome,
    reason: result.reason,
    exit: result.exit,
    random: settings.seedGiven ? 'reproducible, not secret' : 'secret',
    settings: publicSettings(settings),
    bounds: detectionBounds(settings.timeoutMs, settings.linkDelayMs),
    skewMaxMs,
    burstMaxMs: largest(statistics.map((s) => s.burstMaxNs / NS_PER_MS)),
    skewWarning: (skewMaxMs ?? 0) > settings.timeoutMs / 2,
    rendezvous: facts.rendezvous,
    slots: input.slots,
    flags: flags(facts, fileServer),
    fences: facts.fences.map(({ replica, reason }) => ({ replica, reason })),
    lost: facts.lost.map(({ replica, reason }) => ({ replica, reason })),
    notices: notices(facts, fileServer),
    linkSuspects: linkSuspects(facts, statistics),
    refused: facts.refused.map(({ kind, what, errno, count }) =>
      kind === 'call' ? { call: what, errno, count } : { path: what, errno, count },
    ),
    volumeChangedOutside: fileServer?.volumeChangedOutside ?? [],
    volumes: [...input.volumes],
    calls: secondOrOnly(statistics, ({ rendezvous }) => rendezvous)?.calls ?? {},
    tscs: byReplica(facts, ({ tsc }, replica) => tscOf(tsc, input.untrapped.includes(replica))),
    placements: byReplica(facts, ({ placement }) => placement),
    tracerPauseMaxMs: largest(statistics.map((s) => s.tracerPauseMaxNs / NS_PER_MS)),
    tracers: [...input.tracers],
    clocks: [...input.clocks],
    tStartNs: input.tStartNs,
    tRunningNs: known(input.tRunningNs),
    tEndNs: input.tEndNs,
    bootId: bootId(),
  };
}

/** A seed that nobody chose keeps random bytes secret, so it appears nowhere. */
function publicSettings(settings: SessionSettings): Report['settings'] {
  const { seed, seedGiven, ...rest } = settings;
  return seedGiven ? { ...rest, seed } : rest;
}

function flags(facts: SessionFacts, fileServer: SessionStatus | undefined): Report['flags'] {
  const isolated = new Map(fileServer?.flags.map((f) => [f.accused, f.tIsolatedNs]));
  const own = facts.flags.map((fact) => ({
    replica: fact.replica,
    stream: fact.stream,
    rendezvous: fact.k,
    mechanism: fact.mechanism,
    accusers: fact.accusers,
    tFirstSuspicionNs: known(fact.tFirstSuspicionNs),
    tSecondArrivalNs: known(fact.tSecondArrivalNs),
    tQuorumNs: known(fact.tQuorumNs),
    tIsolatedNs: known(isolated.get(fact.replica)),
    consequence: facts.trustedLost && fact.tQuorumNs >= facts.tFirstLostNs,
  }));
  const atMonitor = new Set(own.map(({ replica }) => replica));
  return [...own, ...serverFlags(fileServer).filter(({ replica }) => !atMonitor.has(replica))];
}

/** Who was flagged at the file server alone: notices may be sent to it from outside. */
function serverFlags(fileServer: SessionStatus | undefined): Report['flags'] {
  return (fileServer?.flags ?? []).map(({ accused, tIsolatedNs }) => {
    const counted = (fileServer?.notices ?? []).filter((n) => n.accused === accused && n.counted);
    const first = counted[0];
    return {
      replica: accused,
      stream: first?.stream ?? 0,
      rendezvous: first?.k ?? 0,
      mechanism: (first?.mechanism ?? 'connection-closed') as Report['flags'][number]['mechanism'],
      accusers: counted.map(({ accuser }) => accuser),
      tFirstSuspicionNs: null,
      tSecondArrivalNs: null,
      tQuorumNs: null,
      tIsolatedNs,
      consequence: false,
    };
  });
}

function notices(facts: SessionFacts, fileServer: SessionStatus | undefined): Report['notices'] {
  return [
    ...facts.notices.map(({ accuser, accused, counted, tNs, mechanism }) => ({
      accuser,
      accused,
      counted,
      tNs,
      at: 'monitor' as const,
      mechanism,
    })),
    ...(fileServer?.notices ?? []).map(({ accuser, accused, counted, tNs, mechanism }) => ({
      accuser,
      accused,
      counted,
      tNs,
      at: 'file-server' as const,
      mechanism,
    })),
  ];
}

function linkSuspects(
  facts: SessionFacts,
  statistics: readonly SessionStatistics[],
): Report['linkSuspects'] {
  const monitorLinks = [...facts.corruptFrames].map(([from, count]) => ({ from, to: 0, count }));
  return [...statistics.flatMap((s) => s.linkSuspects), ...monitorLinks];
}

function byReplica(
  facts: SessionFacts,
  value: (statistics: SessionStatistics, replica: number) => string,
): Record<string, string> {
  return Object.fromEntries(
    [...facts.statistics].map(([replica, statistics]) => [
      String(replica),
      value(statistics, replica),
    ]),
  );
}

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

function known(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}
