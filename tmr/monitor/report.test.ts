import { describe, expect, it } from 'vitest';
import type { SessionStatus } from '../nfs/protocol/private-program.ts';
import { goldenToMonitor } from '../wire/golden.ts';
import { SessionFacts } from './facts.ts';
import { buildReport } from './report.ts';
import type { ReportInput } from './report.ts';
import { reportDocument } from './report-doc.ts';
import { report as schema } from './report-schema.ts';
import { sessionSettings } from './settings.ts';

function input(facts: SessionFacts, seed?: string, fileServer?: SessionStatus): ReportInput {
  const settings = sessionSettings({
    replicas: 3,
    timeout: '1s',
    timeoutFrom: 'quorum',
    detect: 'any',
    policy: 'agreed',
    startTimeout: '30s',
    tsc: 'auto',
    clock: 'real',
    caches: true,
    placement: 'auto',
    ...(seed === undefined ? {} : { seed }),
  });
  return {
    session: 's',
    command: ['true'],
    settings,
    volumes: [],
    tracers: [{ host: '127.0.0.1', port: 1 }],
    facts,
    result: { outcome: 'completed', reason: '', exit: { status: 0 } },
    slots: 1,
    fileServer,
    untrapped: [],
    clocks: [],
    tStartNs: 1,
    tRunningNs: NaN,
    tEndNs: 2,
  };
}

const lone: SessionStatus = {
  version: 2,
  state: 'open',
  replicas: 3,
  notices: [
    { accuser: 1, accused: 2, counted: false, tNs: 7, mechanism: 'time-out', stream: 0, k: 3 },
  ],
  flags: [],
  digestFaults: [],
};

describe('the report', () => {
  it('follows its schema, with null where a figure is unknown', () => {
    const report = buildReport(input(new SessionFacts(3)));
    expect(schema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(report).toMatchObject({ tRunningNs: null, skewMaxMs: null });
  });

  it("has each party's clock, and one written before there were any can be read", () => {
    const clock = {
      party: 'tracer 1',
      clockId: 'b/time:[1]',
      offsetNs: -1.5,
      uncertaintyNs: 3,
      measuredOffsetNs: -1.5,
      roundTripNs: 6,
    };
    const report = buildReport({ ...input(new SessionFacts(3)), clocks: [clock] });
    expect(schema.parse(JSON.parse(JSON.stringify(report))).clocks).toEqual([clock]);
    const { clocks, ...old } = report;
    expect(schema.parse(old).clocks).toEqual(clocks.slice(1));
  });

  it('states the bounds of protocol.md 1', () => {
    // T = 1 s: tick 62.5 ms, d two ticks.
    expect(buildReport(input(new SessionFacts(3))).bounds).toEqual({
      wrongVoteMs: 312.5,
      absentVoteMs: 1437.5,
    });
  });

  it('never shows a seed that nobody chose', () => {
    const secret = buildReport(input(new SessionFacts(3)));
    expect(secret.random).toBe('secret');
    expect(JSON.stringify(secret)).not.toMatch(/[0-9a-f]{64}/);
    const chosen = buildReport(input(new SessionFacts(3), '42'));
    expect(chosen.random).toBe('reproducible, not secret');
    expect(chosen.settings.seed).toMatch(/^[0-9a-f]{64}$/);
  });

  it('lists a lone notice to the file server as not counted, and flags nobody', () => {
    const report = buildReport(input(new SessionFacts(3), undefined, lone));
    expect(report.flags).toEqual([]);
    expect(report.notices).toEqual([
      { accuser: 1, accused: 2, counted: false, tNs: 7, at: 'file-server', mechanism: 'time-out' },
    ]);
  });

  it('counts the calls of a replica that is not alone with how far it came', () => {
    const facts = new SessionFacts(3);
    const { statistics } = goldenToMonitor;
    if (statistics?.type !== 'statistics') throw new Error('expected statistics');
    const { json } = statistics;
    for (const [replica, rendezvous] of [
      [1, 7],
      [2, 9],
      [3, 10 ** 9],
    ] as const) {
      facts.lastWords(replica, {
        type: 'statistics',
        json: { ...json, rendezvous, calls: { read: rendezvous } },
      });
    }
    expect(buildReport(input(facts))).toMatchObject({ rendezvous: 9, calls: { read: 9 } });
  });

  it('joins the flag of the monitor with the isolation at the file server', () => {
    const facts = new SessionFacts(3);
    facts.flags.push({
      replica: 2,
      stream: 0,
      k: 9,
      mechanism: 'signature',
      accusers: [1, 3],
      tFirstSuspicionNs: 10,
      tSecondArrivalNs: NaN,
      tQuorumNs: 12,
    });
    const status = { ...lone, flags: [{ accused: 2, tIsolatedNs: 11 }] };
    expect(buildReport(input(facts, undefined, status)).flags).toEqual([
      {
        replica: 2,
        stream: 0,
        rendezvous: 9,
        mechanism: 'signature',
        accusers: [1, 3],
        tFirstSuspicionNs: 10,
        tSecondArrivalNs: null,
        tQuorumNs: 12,
        tIsolatedNs: 11,
        consequence: false,
      },
    ]);
  });

  it('lists flags after the loss of a trusted party as consequences, but not a lone loss', () => {
    const facts = new SessionFacts(3);
    facts.flags.push({
      replica: 1,
      stream: 0,
      k: 9,
      mechanism: 'connection-closed',
      accusers: [2, 3],
      tFirstSuspicionNs: 10,
      tSecondArrivalNs: NaN,
      tQuorumNs: 12,
    });
    facts.tFirstLostNs = 11;
    expect(buildReport(input(facts)).flags[0]?.consequence).toBe(false);
    facts.trustedLost = true;
    expect(buildReport(input(facts)).flags[0]?.consequence).toBe(true);
  });

  it('counts a refusal once, though three replicas tell of it', () => {
    const facts = new SessionFacts(3);
    for (const replica of [1, 2, 3]) facts.refuse(replica, 'path', '/etc/x', 'EROFS');
    for (const replica of [3, 1]) facts.refuse(replica, 'call', 'rseq', 'ENOSYS');
    expect(buildReport(input(facts)).refused).toEqual([
      { path: '/etc/x', errno: 'EROFS', count: 1 },
      { call: 'rseq', errno: 'ENOSYS', count: 1 },
    ]);
  });

  it('is described in docs/report.md', async () => {
    await expect(reportDocument()).toMatchFileSnapshot('../../docs/report.md');
  });
});
