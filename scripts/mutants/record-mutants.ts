/**
 * What is said of a session weakened: skew, times, who was lost, classes, columns. Numbers that are
 * published, in code that any test runs through without looking at them. Most are of a tester who had not
 * seen the other lists.
 */
import { mutantsOf } from './mutant.ts';
import type { Mutant } from './mutant.ts';

export const recordMutants: readonly Mutant[] = [
  ...mutantsOf(
    'tmr/tracer/session/recorder.ts',
    ['tmr/tracer/session/recorder.test.ts'],
    [
      ['skew: from the first arrival', 'until - second', 'until - first'],
      [
        'skew: none where a vote was not waited for',
        'const until = count < members ? nowNs : last;',
        'const until = last;',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/tracer/session/link.ts',
    ['tmr/tracer/session/link.test.ts'],
    [
      [
        'link: sends past what waits',
        'this.#waitingBytes === 0 ? this.#sendNow(bytes) : 0',
        'this.#sendNow(bytes)',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/tracer/session/services.ts',
    ['tmr/tracer/session/protocol-duties.test.ts'],
    [
      [
        'session: a second loss starts the grace again',
        '    if (this.#lost !== undefined) return;\n',
        '',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/tracer/session/pump.ts',
    ['tmr/tracer/session/pump.test.ts'],
    [
      [
        'pump: a signal lets timers fire',
        '    if (count < 0) return; // A signal: the sockets were not looked at, so no timer may fire.\n',
        '',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/monitor/session.ts',
    ['tmr/monitor/session.test.ts'],
    [
      [
        'monitor: those that left do not count',
        'const members = this.#notices.members.length;',
        'const members = this.#roster.live().length;',
      ],
      [
        'monitor: who is outvoted at the exit is at the end',
        '          this.#atEnd.delete(decision.replica);\n',
        '',
      ],
      [
        'monitor: its evidence wins over what peers saw',
        '(silent ? this.#evidence.get(accused) : undefined)',
        '(silent || told ? this.#evidence.get(accused) : undefined)',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/monitor/report.ts',
    ['tmr/monitor/report.test.ts'],
    [
      [
        'report: a loss of one makes flags consequences',
        'consequence: facts.trustedLost && fact.tQuorumNs',
        'consequence: fact.tQuorumNs',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/monitor/facts.ts',
    ['tmr/monitor/facts.test.ts'],
    [['facts: the latest suspicion', 'NaN : Math.min(...known)', 'NaN : Math.max(...known)']],
  ),
  ...mutantsOf(
    'tmr/monitor/forwarded-signal.ts',
    ['tmr/monitor/forwarded-signal.test.ts'],
    [
      ['monitor: words about the signal before count', '    this.#dispositions.clear();\n', ''],
      [
        'monitor: any signal makes a Ctrl-C the second',
        'signal === SIGINT && this.#signal === SIGINT',
        'signal === SIGINT && this.#signal !== 0',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/monitor/slots.ts',
    ['tmr/monitor/session.test.ts', 'tmr/monitor/slots.test.ts'],
    [
      [
        'monitor: the fastest is behind',
        '    const oldest = Math.min(...this.#next.values());\n    return [',
        '    const oldest = Math.max(...this.#next.values());\n    return [',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/monitor/stream-io.ts',
    ['tmr/monitor/stream-io.test.ts'],
    [
      [
        'output: a part that got out is told as an error',
        '        if (written > 0) return written;\n',
        '',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/nfs/session/membership.ts',
    ['tmr/nfs/session/notices.test.ts'],
    [
      [
        'server: only the last notice counted',
        '    for (const each of against) each.counted = true;',
        '    for (const each of against.slice(-1)) each.counted = true;',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/nfs/session/session.ts',
    ['tmr/nfs/session/slot-table.test.ts', 'tmr/nfs/session/notices.test.ts'],
    [
      [
        'server: the end of any connection is the last',
        '    if (connections?.size === 0) this.#slots',
        '    this.#slots',
      ],
      [
        'server: the monitor hears of no lone notice',
        'if (isNew || this.#membership.notices.length > known) this.#changed();',
        'if (isNew) this.#changed();',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/nfs/session/slots.ts',
    ['tmr/nfs/session/slot-table.test.ts'],
    [
      [
        'server: those in step are overtaken',
        'if (sentBy(stream, replica) < agreed) this',
        'if (sentBy(stream, replica) <= agreed) this',
      ],
      ['server: the window holds up once', '      stream.holding = false;\n', ''],
      [
        'server: a retransmission sets a replica back',
        'stream.sent.set(request.replica, Math.max(sentBy(stream, request.replica), request.counter));',
        'stream.sent.set(request.replica, request.counter);',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/nfs/session/registry.ts',
    ['tmr/nfs/session/notices.test.ts'],
    [
      [
        'server: a reader beside a writer',
        'const written = each.writable || wanted.writable;',
        'const written = each.writable && wanted.writable;',
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/nfs/duplicate-cache.ts',
    ['tmr/nfs/duplicate-cache.test.ts'],
    [
      [
        'server: who called is not remembered',
        'const key = `${client} ${call.xid} ${digest',
        'const key = `${call.xid} ${digest',
      ],
    ],
  ),
  ...mutantsOf(
    'harness/classify.ts',
    ['harness/classify.test.ts'],
    [
      [
        'classify: late where any fault was a delay',
        'faultsOf(replica).every(',
        'faultsOf(replica).some(',
      ],
    ],
  ),
  ...mutantsOf(
    'harness/tolerance/judge.ts',
    ['harness/tolerance/judge.test.ts'],
    [
      [
        'judge: the last rendezvous is voted on',
        'fault.at.k >= lastRendezvous',
        'fault.at.k > lastRendezvous',
      ],
      [
        'judge: drift excuses any flag',
        "outcome === 'wrong-flagged' && mechanism === 'time-out'",
        "outcome === 'wrong-flagged' && mechanism !== null",
      ],
    ],
  ),
  ...mutantsOf(
    'harness/trial-record.ts',
    ['harness/trial-record.test.ts'],
    [
      [
        'record: flags are never apart',
        'tQuorumNs === null || tIsolatedNs === null',
        'tQuorumNs === null && tIsolatedNs === null',
      ],
    ],
  ),
  ...mutantsOf(
    'harness/fault-evidence.ts',
    ['harness/fault-evidence.test.ts'],
    [
      ['reaction: who is flagged counts', ' && !flagged.includes(replica)', ''],
      [
        'reaction: the last, not the first',
        'times.length === 0 ? null : Math.min',
        'times.length === 0 ? null : Math.max',
      ],
    ],
  ),
  ...mutantsOf(
    'experiments/analysis/fate.ts',
    ['experiments/analysis/analysis.test.ts'],
    [
      [
        'fate: a fault that never acted excuses',
        '...(second?.injected === true ? [second.faultSpec] : [])',
        '...(second ? [second.faultSpec] : [])',
      ],
    ],
  ),
  ...mutantsOf(
    'experiments/record/columns.ts',
    ['experiments/record/record.test.ts'],
    [['columns: resume is isolation', '(r) => r.resumeNs,', '(r) => r.isolationNs,']],
  ),
  ...mutantsOf(
    'experiments/analysis/paired-ratio.ts',
    ['experiments/analysis/analysis.test.ts'],
    [['ratio: upside down', '[both[1] / both[0]]', '[both[0] / both[1]]']],
  ),
  ...mutantsOf(
    'experiments/figures/false-flag-rate.ts',
    ['experiments/figures/figures.test.ts'],
    [
      [
        'false flags: of all trials',
        'const shown = counted(records).filter(',
        'const shown = records.filter(',
      ],
    ],
  ),
  ...mutantsOf(
    'harness/monitor-clock.ts',
    ['harness/monitor-clock.test.ts'],
    [['clock: the offset is added', 'event.tNs - (of(event)', 'event.tNs + (of(event)']],
  ),
  ...mutantsOf(
    'harness/tolerance/parity.ts',
    ['harness/tolerance/parity.test.ts'],
    [['parity: the rendezvous does not matter', ' &&\n    real.k === simulated.k', '']],
  ),
  ...mutantsOf(
    'experiments/analysis/cells.ts',
    ['experiments/analysis/analysis.test.ts'],
    [
      [
        'latency: of wrong flags too',
        "(outcome === 'detected-masked' || outcome === 'late-flagged')",
        "(outcome === 'detected-masked' || outcome === 'late-flagged' || outcome === 'wrong-flagged')",
      ],
    ],
  ),
  ...mutantsOf(
    'tmr/monitor/session.ts',
    ['tmr/monitor/session.test.ts'],
    [
      [
        'monitor: nobody is lost',
        "    if (result.outcome === 'completed') this.#noteLost();\n",
        '',
      ],
      [
        'monitor: who is told anything is at the end',
        '          if (decision.n === this.#exitSlot) this.#atEnd.add(decision.to);\n',
        '          this.#atEnd.add(decision.to);\n',
      ],
    ],
  ),
  ...mutantsOf(
    'harness/trial-record.ts',
    ['harness/tolerance/judge.test.ts', 'harness/trial-record.test.ts'],
    [['record: who is left behind is not gone', '...record.fenced, ...lost', '...record.fenced']],
  ),
  ...mutantsOf(
    'tmr/nfs/session/slots.ts',
    ['tmr/nfs/session/slots.test.ts'],
    [['server: who is gone is waited for', ' || this.#gone.has(replica)', '']],
  ),
  ...mutantsOf(
    'tmr/monitor/facts.ts',
    ['tmr/monitor/facts.test.ts'],
    [
      [
        'facts: the rendezvous of whoever says most',
        'told[Math.min(2, told.length) - 1]',
        'told[0]',
      ],
    ],
  ),
];
