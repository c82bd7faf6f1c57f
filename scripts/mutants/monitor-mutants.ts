/** The monitor's rules (R13, R15, R18), and what it says of a session, weakened. */
import { mutantsOf } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const monitorTests = [
  'tmr/monitor/notices.test.ts',
  'tmr/monitor/session.test.ts',
  'tmr/monitor/slots.prop.test.ts',
  'tmr/monitor/slots.test.ts',
];

const monitorSlots = mutantsOf('tmr/monitor/slots.ts', monitorTests, [
  [
    'monitor: one digest lets output out',
    'if (count < this.#needed) continue;',
    'if (count < 1) continue;',
  ],
  [
    'monitor: digests are not compared',
    'equal.set(request.digest, count);',
    'for (const each of this.#waiting.values()) equal.set(each.digest, count);',
  ],
  [
    'monitor: slots in any order',
    'if (n !== expected || n > this.#current || this.#waiting.has(replica)) {',
    'if (n < 0) {',
  ],
  ['monitor: a request of one that left counts', '    this.#waiting.delete(replica);\n', ''],
  [
    'monitor: the odd one is not named',
    "      if (request.digest !== executed.digest) decisions.push({ type: 'odd', replica, n });\n",
    '',
  ],
  [
    'monitor: a late odd one is not named',
    "    if (slot.digest !== digest) decisions.push({ type: 'odd', replica, n });\n",
    '',
  ],
  [
    'monitor: it never gives up',
    "best + silent < this.#needed ? [{ type: 'no-quorum', n: this.#current }] : []",
    '[]',
  ],
  ['monitor: it gives up too soon', 'best + silent < this.#needed', 'best < this.#needed'],
  [
    'monitor: two slots at once',
    'if (this.#executing !== undefined || this.#waiting.size === 0) return [];',
    'if (this.#waiting.size === 0) return [];',
  ],
  ['monitor: the slot is not counted', '    this.#current = n + 1;\n', ''],
  [
    'monitor: nothing is decided when one leaves',
    '    this.#forget();\n    return this.#decide();',
    '    this.#forget();\n    return [];',
  ],
]);

const monitorNotices = mutantsOf('tmr/monitor/notices.ts', monitorTests, [
  ['monitor: one notice flags', 'supporting.length >= 2', 'supporting.length >= 1'],
  ['monitor: three notices flag', 'supporting.length >= 2', 'supporting.length >= 3'],
  [
    'monitor: a notice about oneself is valid',
    'accuser !== accused && this.#members.has(accuser)',
    'this.#members.has(accuser)',
  ],
  [
    'monitor: a flagged one may accuse',
    'accuser !== accused && this.#members.has(accuser)',
    'accuser !== accused',
  ],
  [
    'monitor: a flagged one may be accused again',
    ' && this.#members.has(accused) && !again',
    ' && !again',
  ],
  [
    'monitor: earlier notices of the flagged count',
    'n.accuser !== accused && this.#members.has(n.accuser)',
    'n.accuser !== accused',
  ],
  [
    'monitor: notices against anybody count together',
    '(n) => n.accused === accused && n.accuser',
    '(n) => n.accuser',
  ],
  [
    'monitor: of two, one flags the other',
    "    if (this.#members.size === 2) return { type: 'duplex' };\n",
    '',
  ],
  ['monitor: the flagged one stays a member', '    this.#members.delete(accused);\n', ''],
]);

const monitorSessions = mutantsOf('tmr/monitor/session.ts', monitorTests, [
  [
    'monitor: one tracer may stop three',
    'members <= 2 || this.#stoppedBy.size >= 2',
    'members <= 3',
  ],
  [
    'monitor: two tracers cannot stop three',
    'members <= 2 || this.#stoppedBy.size >= 2',
    'members <= 2',
  ],
  [
    'monitor: one tracer may lose the file server',
    '>= Math.min(2, this.#roster.live().length)',
    '>= 1',
  ],
  [
    'monitor: a duplex notice changes nothing',
    "if (decision.type === 'duplex') this.stop('notice in duplex');",
    '',
  ],
  ['monitor: a flagged one votes on', "    this.#leave(record, 'flagged', mechanism);\n", ''],
  [
    'monitor: an odd one goes on',
    '          this.#expel(decision.replica, `outvoted at the monitor, slot ${decision.n}`);\n',
    '',
  ],
  [
    'monitor: a second connection votes',
    'if (record.link !== link) return;\n    this.#ownMessage',
    'this.#ownMessage',
  ],
]);

/** Most are of a tester who had not seen the others. */
const unseen: Mutant[] = [
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
    'tmr/monitor/facts.ts',
    ['tmr/monitor/facts.test.ts'],
    [
      [
        'facts: the rendezvous of whoever says most',
        'sorted[Math.min(2, sorted.length) - 1]',
        'sorted[0]',
      ],
    ],
  ),
];

export const monitorMutants: readonly Mutant[] = [
  ...monitorSlots,
  ...monitorNotices,
  ...monitorSessions,
  ...unseen,
];
