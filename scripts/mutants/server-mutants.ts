/** The NFS server's rules (R12, R15) weakened. */
import { mutantsOf } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const serverTests = [
  'tmr/nfs/session/notices.test.ts',
  'tmr/nfs/session/slots.test.ts',
  'tmr/nfs/session/slot-table.test.ts',
];

const serverNotices = mutantsOf('tmr/nfs/session/membership.ts', serverTests, [
  ['server: one notice flags', 'const NOTICES_NEEDED = 2;', 'const NOTICES_NEEDED = 1;'],
  [
    'server: a notice about oneself counts',
    'if (accuser === accused) return',
    'if (accuser === 0) return',
  ],
  [
    'server: the notice of one that is flagged counts',
    'n.accused === accused && this.isUnflagged(n.accuser)',
    'n.accused === accused',
  ],
  [
    'server: notices against anybody count together',
    'n.accused === accused && this.isUnflagged(n.accuser)',
    'this.isUnflagged(n.accuser)',
  ],
  ['server: a repeated notice counts twice', '    if (!known) {\n', '    if (accused > 0) {\n'],
  [
    'server: of two, one flags the other',
    "this.#policy === 'agreed' && this.#members() <= 2",
    "this.#policy === 'agreed' && this.#members() <= 1",
  ],
  [
    'server: paper needs two notices',
    "this.#policy === 'paper' ? 1 : NOTICES_NEEDED",
    'NOTICES_NEEDED',
  ],
  ['server: nobody is put out', '    this.#flagged.set(accused, { tIsolatedNs: tNs });\n', ''],
]);

const serverSlots = mutantsOf('tmr/nfs/session/slots.ts', serverTests, [
  [
    'server: a mutating call runs at its first arrival',
    'first !== undefined && !first.request.mutating',
    'first !== undefined',
  ],
  [
    'server: slots run in any order',
    'if (slot === undefined || !this.#try(stream, slot)) break;',
    'if (slot === undefined) break;\n      this.#try(stream, slot);',
  ],
  [
    'server: a call runs again for every replica',
    '    if (slot.executed?.digest.equals(request.digest) === true) return;\n',
    '',
  ],
  ['server: digests of the flagged count', '      if (!this.#counts(request)) continue;\n', ''],
  ['server: one digest is a quorum', 'Math.floor(this.#options.started / 2) + 1', '1'],
  [
    'server: all digests are a quorum',
    'Math.floor(this.#options.started / 2) + 1',
    'this.#options.started',
  ],
  [
    'server: digests are not compared',
    "const key = request.digest.toString('latin1');",
    "const key = '';",
  ],
  [
    'server: it never gives up',
    'if (pending > 0 || counting.length === 0) return false;',
    'if (counting.length >= 0) return false;',
  ],
  [
    'server: it gives up while one may come',
    'if (pending > 0 || counting.length === 0) return false;',
    'if (counting.length < 2) return false;',
  ],
  [
    'server: a reply to another call is given',
    'executed === undefined || !executed.digest.equals(arrival.request.digest)',
    'executed === undefined',
  ],
  [
    'server: the last request of a replica counts',
    '      known.waiting?.superseded();\n',
    '      known.waiting?.superseded();\n      known.request = request;\n',
  ],
  ['server: a retransmission is not answered', '      known.waiting = request;\n', ''],
  ['server: no window', 'if (this.#slowest(stream) < stream.reach) {', 'if (slot.counter < 0) {'],
  [
    'server: the flagged hold up the window',
    'if (!this.#options.isUnflagged(replica) || this.#left.has(replica)) continue;',
    'if (this.#left.has(replica)) continue;',
  ],
  [
    'server: stragglers get no reply',
    '    if (slot.settled) this.#answerAll(slot);\n    else if',
    '    if',
  ],
  [
    'server: the odd one gets no reply',
    '      this.#answerAll(slot);\n      return true;',
    '      this.#answerEqual(slot, [...slot.arrivals.values()].at(-1) as Arrival);\n      return true;',
  ],
  [
    'server: nobody is told of the odd one',
    '    this.#options.onDigestFault(request.replica, stream.id, slot.counter);\n',
    '',
  ],
  [
    'server: paper waits for two',
    "this.#options.policy === 'paper' ? 1 : this.quorum",
    'this.quorum',
  ],
  [
    'server: one stream for all',
    'let stream = this.#streams.get(id);',
    'id = 0;\n    let stream = this.#streams.get(id);',
  ],
]);

const serverSessions = mutantsOf('tmr/nfs/session/session.ts', serverTests, [
  [
    'server: a flagged one may come back',
    'if (this.#membership.isFlagged(replica)) {',
    'if (replica < 0) {',
  ],
  ['server: a flagged one is not cut off', '      this.#cut(args.accused);\n', ''],
  ['server: nothing runs after a flag', '      this.#slots.flagged();\n', ''],
  [
    'server: it serves on after it stopped',
    '    this.#reason = reason;\n    this.#slots.stop();\n',
    '    this.#reason = reason;\n',
  ],
  ['server: it does not say that it stopped', "    this.#state = 'stopped';\n", ''],
  ['server: duplex goes on after a notice', '      this.#stop(outcome.reason);\n', ''],
]);

/** Most are of a tester who had not seen the others. */
const unseen: Mutant[] = [
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
    'tmr/nfs/session/slots.ts',
    ['tmr/nfs/session/slots.test.ts'],
    [['server: who is gone is waited for', ' || this.#connected.get(replica) === false', '']],
  ),
];

export const serverMutants: readonly Mutant[] = [
  ...serverNotices,
  ...serverSlots,
  ...serverSessions,
  ...unseen,
];
