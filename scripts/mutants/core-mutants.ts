/** The core's rules whatever the policy (R0-R2, R10, R14-R16, R18) weakened one by one. */
import { mutantsOf } from './mutant.ts';
import type { Mutant } from './mutant.ts';

/** Every mutant of the core meets these first. */
export const units = [
  'tmr/core/agreed-core.test.ts',
  'tmr/core/core.test.ts',
  'tmr/core/vote.test.ts',
  'tmr/core/paper-core.test.ts',
  'tmr/core/reuse.test.ts',
  'tmr/core/seal.test.ts',
];

const votes = mutantsOf('tmr/core/vote.ts', units, [
  ['votes are equal whatever the low half of the signature', 'a.sigLo === b.sigLo &&\n  ', ''],
  ['votes are equal whatever the high half of the signature', 'a.sigHi === b.sigHi &&\n  ', ''],
  ['votes are equal whatever the call', 'a.call === b.call &&\n  ', ''],
  ['votes are equal whatever the rendezvous', 'a.k === b.k &&\n  ', ''],
  ['votes are equal whatever the stream', '&&\n  a.stream === b.stream', ''],
  ['half is a majority', '(n >> 1) + 1', '(n + 1) >> 1'],
  ['one is a majority', '(n >> 1) + 1', '1'],
  ['a copied vote has no marks', '  into.inputs.marks = from.inputs.marks;\n', ''],
  [
    'a copied vote keeps the clock of the last',
    '  into.inputs.elapsedNs = from.inputs.elapsedNs;\n',
    '',
  ],
]);

const inputs = mutantsOf('tmr/core/agreed-inputs.ts', units, [
  ['the latest clock is agreed', '(members.count - 1) >> 1', 'members.count - 1'],
  ['the earliest clock is agreed', '(members.count - 1) >> 1', '0'],
  ['of two clocks the later', '(members.count - 1) >> 1', 'members.count >> 1'],
  [
    'the agreed clock may run backwards',
    'Math.max(previousNs, medianElapsed(table, members))',
    'medianElapsed(table, members)',
  ],
  ['one mark delivers a signal', 'members.count === 1 ? once : twice', 'once'],
  ['a lone replica needs two marks', 'members.count === 1 ? once : twice', 'twice'],
]);

const streams = mutantsOf('tmr/core/stream.ts', units, [
  ['votes are not sealed', '    this.session.seal(own.vote);\n', ''],
  [
    'a lone early vote starts the time-out',
    'return open <= 1;\n',
    'return open < this.members.count;\n',
  ],
  [
    'the own vote starts the time-out',
    'return open <= 1;\n',
    "return this.current.at(this.self).state === 'vote';\n",
  ],
  ['the time-out starts at the last arrival', 'return open <= 1;\n', 'return open <= 0;\n'],
  [
    'the time-out is doubled',
    'table.timerNs + session.options.timeoutNs',
    'table.timerNs + 2 * session.options.timeoutNs',
  ],
  [
    'the time-out is halved',
    'table.timerNs + session.options.timeoutNs',
    'table.timerNs + session.options.timeoutNs / 2',
  ],
  [
    'the own vote may be missing',
    "    if (table.at(this.self).state === 'open') return Infinity;\n",
    '',
  ],
  ['the time-out runs at the exec stop', 'table.frozen || table.k === 0 || ', 'table.frozen || '],
  [
    'a closed table is not frozen',
    "entry.state !== 'vote' && !(table.frozen && this.session.rules.freeze)",
    "entry.state !== 'vote'",
  ],
  [
    'a second vote takes the place of the first',
    "entry.state !== 'vote' && !(table.frozen",
    '!(table.frozen',
  ],
  [
    'a second early vote takes the place of the first',
    'table === this.previous || !this.mayFill(table, entry)',
    'table === this.previous || (table !== this.next && !this.mayFill(table, entry))',
  ],
  [
    'a DOWN entry has not arrived',
    "if (this.current.at(member).state === 'open') open += 1;",
    "if (this.current.at(member).state !== 'vote') open += 1;",
  ],
  [
    'a missing vote is not bad',
    "entry.state !== 'vote' || this.#differs(entry, own)",
    "(entry.state === 'down' || this.#differs(entry, own)) && entry.state !== 'missing'",
  ],
  [
    'a replica that is down is not bad',
    "entry.state !== 'vote' || this.#differs(entry, own)",
    "entry.state === 'missing' || (entry.state === 'vote' && this.#differs(entry, own))",
  ],
  [
    'a different vote is not bad',
    "entry.state !== 'vote' || this.#differs(entry, own)",
    "entry.state !== 'vote'",
  ],
  ['the flagged one stays a member', '    this.members.remove(accused);\n', ''],
  [
    'a table opened while a link is closed starts with OPEN there',
    '      for (const peer of this.members.peers) this.#markDown(peer);\n',
    '',
  ],
  [
    'anybody is down when one is',
    "if (entry.state !== 'open' || !this.session.isDown(peer)) return;",
    "if (entry.state !== 'open') return;",
  ],
  ['the last agreed clock is forgotten', '    this.#agreedNs = session.inputs.elapsedNs;\n', ''],
  [
    'the second arrival is the last one',
    'if (open <= 1 && Number.isNaN(table.secondNs))',
    'if (open <= 1)',
  ],
  [
    'the time-out starts again with every arrival',
    'if (Number.isNaN(table.timerNs) && this.#timeoutStarts(open))',
    'if (this.#timeoutStarts(open))',
  ],
  [
    'a pause leaves the time-out running',
    '    if (!Number.isNaN(current.timerNs)) current.timerNs = session.nowNs;\n',
    '',
  ],
  [
    'a pause leaves the wait alone running',
    '    if (!Number.isNaN(current.ownNs)) current.ownNs = session.nowNs;\n',
    '',
  ],
  [
    'a pause leaves the dispute running',
    '    if (!Number.isNaN(current.disputeNs)) current.disputeNs = session.nowNs;\n',
    '',
  ],
  [
    'suspicion has no time',
    '    if (this.#differs(entry, own)) entry.suspectNs = this.session.nowNs;\n',
    '',
  ],
  [
    'a detour is reported though the vote came by itself too',
    "      if (provenance === 'relayed' && cameDirectly) continue;\n",
    '',
  ],
  [
    'detours are never reported',
    "if (state !== 'vote' || provenance === 'direct') continue;",
    'continue;',
  ],
  [
    'the vote does not say whose came directly',
    '    own.vote.direct = this.previous.directMask();\n',
    '',
  ],
  [
    'a held relay is not looked at when the own vote comes',
    '      else this.acceptHeld(table, peer);\n',
    '',
  ],
  [
    'a vote is sent to the first peer only',
    'this.session.broadcast(own.vote, this.members.peers)',
    'this.session.broadcast(own.vote, this.members.peers.slice(0, 1))',
  ],
  [
    'a vote for another rendezvous fills the table',
    '    if (k === this.current.k) return this.current;\n',
    '    if (k === this.current.k || k > this.next.k) return this.current;\n',
  ],
  [
    'a wrong call number is told as a wrong signature',
    "entry.vote.call === own.vote.call ? 'signature' : 'call-number'",
    "'signature'",
  ],
]);

const cores = mutantsOf('tmr/core/core.ts', units, [
  [
    "another stream's vote counts",
    'if (message.vote.stream === 0) this.#stream.peerVote',
    'this.#stream.peerVote',
  ],
  [
    "another stream's relay counts",
    'if (message.vote.stream === 0) stream.relayed',
    'stream.relayed',
  ],
  ["another stream's view counts", 'if (message.stream === 0) stream.viewed', 'stream.viewed'],
  ["another stream's ask counts", 'if (message.stream === 0) stream.ask', 'stream.ask'],
  [
    'pings are not answered',
    "        if (stream.members.has(from)) this.#session.send(from, { type: 'pong' });\n",
    '',
  ],
  ['pongs are not heard', '        stream.answered(from);\n', ''],
  [
    'nobody is answered at the end',
    'if (this.#session.ending && !this.#session.rules.serveAtEnd) return;',
    'if (this.#session.ending) return;',
  ],
  [
    'the end is at once',
    "session.send(peer, { type: 'done' });\n    this.#endIfNobodyNeedsMe();",
    "session.send(peer, { type: 'done' });\n    session.ended();",
  ],
  ['DONE is not heard', '        this.#session.done |= bit(from);\n', ''],
  [
    'DONE is not said',
    "    for (const peer of this.#stream.members.peers) session.send(peer, { type: 'done' });\n",
    '',
  ],
  [
    'the end is waited for too short',
    'this.#endNs + this.#session.patienceNs',
    'this.#endNs + this.#session.options.timeoutNs / 4',
  ],
  [
    'the end is waited for too long',
    'this.#endNs + this.#session.patienceNs',
    'this.#endNs + 4 * this.#session.options.timeoutNs',
  ],
  ['a tracer that is cut off goes on', '    this.#leaveIfCutOff();\n', ''],
  [
    'one lost link is being cut off',
    'if ((closed & ~done & bit(peer)) === 0) return;',
    'if ((closed & ~done & bit(peer)) === 0) continue;',
  ],
  ['links that end after DONE cut off', 'closed & ~done & bit(peer)', 'closed & bit(peer)'],
  [
    'two stop at the end of their link under timeout-only',
    "      if (options.detect === 'timeout-only') return;\n",
    '',
  ],
  [
    'two go on without their link',
    '    if (members.count === 2) {\n',
    '    if (members.count === 9) {\n',
  ],
  ['a dead replica is not told', "      this.#session.send(peer, { type: 'down', reason });\n", ''],
  ['the tracer of a dead replica goes on', 'this.#session.fence(`replica died: ${reason}`);', ''],
  ['DOWN is not heard', '        this.#peerDead(from);\n', ''],
  ['a pause does not stop the timers', 'if (!this.#suspended) this.#timer();', 'this.#timer();'],
  [
    'a pause goes on running the deadlines',
    'this.#session.over || this.#suspended',
    'this.#session.over',
  ],
  ['after a pause the timers are as before', '    this.#stream.restartTimers();\n', ''],
  [
    'a pause counts for the start',
    '    this.#startNs = nowNs;\n    if (!Number.isNaN(this.#endNs))',
    '    if (!Number.isNaN(this.#endNs))',
  ],
  ['a pause counts for the end', '    if (!Number.isNaN(this.#endNs)) this.#endNs = nowNs;\n', ''],
  ['the start has no bound', 'this.#stream.k !== 0 || Number.isNaN(this.#startNs)', 'true'],
  [
    'the end of a link is no evidence',
    '    session.closed |= bit(peer);\n    session.noteDown(peer);\n',
    '    session.closed |= bit(peer);\n',
  ],
  ['whoever is no peer is heard', 'if (this.#isPeer(event.from)) this.#message', 'this.#message'],
  ['a core that is over goes on', 'if (session.over) return session.effects;', ''],
  [
    'the end of a link at the end changes nothing',
    '    if (session.ending) {\n      this.#endIfNobodyNeedsMe();\n      return;\n    }\n',
    '',
  ],
]);

const sessions = mutantsOf('tmr/core/session.ts', units, [
  [
    'a seal is looked up for this tracer, not for its origin',
    'this.options.sealKeys.moduli[origin - 1] ?? 0',
    'this.options.sealKeys.moduli[this.options.self - 1] ?? 0',
  ],
  ['the wait in a dispute forgets the tick', ' + options.tickNs;', ';'],
  [
    'timeout-only acts on the end of a link',
    "this.options.detect === 'any' && ((this.closed",
    '((this.closed',
  ],
  [
    'a dead replica is not down',
    '(this.closed | this.dead) & bit(peer)',
    'this.closed & bit(peer)',
  ],
  ['a closed link is not down', '(this.closed | this.dead) & bit(peer)', 'this.dead & bit(peer)'],
  [
    'a flagged one keeps its link',
    "    this.effects.push({ type: 'close-link', peer: flag.accused });\n",
    '',
  ],
  ['a flag is not told', "    this.effects.push({ type: 'flag', ...flag });\n", ''],
  [
    'the mechanism of one that is down is always the link',
    "(this.dead & bit(peer)) !== 0 ? 'replica-dead' : 'connection-closed'",
    "'connection-closed'",
  ],
  [
    'votes go out on closed links',
    'effect !== undefined && (this.closed & bit(peer)) === 0',
    'effect !== undefined',
  ],
  [
    'messages go out on closed links',
    'if ((this.closed & bit(to)) === 0) this.effects',
    'this.effects',
  ],
  ['the last evidence is the first', 'if (Number.isNaN(this.downSinceNs(peer))) ', ''],
]);

const tables = mutantsOf('tmr/core/table.ts', units, [
  [
    'a stale view is kept',
    '    this.askers = 0;\n    this.view = undefined;\n',
    '    this.askers = 0;\n',
  ],
  [
    'stale askers are kept',
    '    this.suspectNs = NaN;\n    this.askers = 0;\n',
    '    this.suspectNs = NaN;\n',
  ],
  [
    'a stale relay is kept',
    '    this.relayHeld = false;\n    this.suspectNs',
    '    this.suspectNs',
  ],
  [
    'what came directly is never forgotten',
    '    this.cameDirectly = false;\n    this.relayHeld = false;\n',
    '    this.relayHeld = false;\n',
  ],
  [
    'a new table is frozen as the old one',
    '    this.k = k;\n    this.frozen = false;\n',
    '    this.k = k;\n',
  ],
  [
    'a new table has the old time-out',
    '    this.timerNs = NaN;\n    this.ownNs = NaN;\n',
    '    this.ownNs = NaN;\n',
  ],
  [
    'a new table has the old dispute',
    '    this.disputeNs = NaN;\n    this.asked = false;\n',
    '    this.asked = false;\n',
  ],
  [
    'a new table has asked',
    '    this.asked = false;\n    this.viewSent = 0;\n',
    '    this.viewSent = 0;\n',
  ],
  [
    'a new table has sent its views',
    '    this.asked = false;\n    this.viewSent = 0;\n',
    '    this.asked = false;\n',
  ],
  [
    'a new table has the old second arrival',
    '    this.secondNs = NaN;\n    this.timerNs = NaN;\n',
    '    this.timerNs = NaN;\n',
  ],
  [
    'a new table has the old own arrival',
    '    this.ownNs = NaN;\n    this.disputeNs = NaN;\n',
    '    this.disputeNs = NaN;\n',
  ],
  [
    'any vote in a view is a good one',
    'vote !== undefined && sameVote(own, vote) ? vote',
    'vote !== undefined ? vote',
  ],
  [
    'no vote in a view is a good one',
    'vote !== undefined && sameVote(own, vote) ? vote',
    'vote === own ? vote',
  ],
  [
    'a vote by a detour came directly',
    'if (this.at(r).cameDirectly)',
    "if (this.at(r).state === 'vote')",
  ],
  [
    'a view shows what is open as a vote',
    "state === 'vote' ? { replica, state, vote: cloneVote(vote) } : { replica, state }",
    "{ replica, state: 'vote' as const, vote: cloneVote(vote) }",
  ],
]);

/** Of a tester who had not seen the others. */
const unseen: Mutant[] = [
  ...mutantsOf('tmr/core/stream.ts', units, [
    [
      'a vote that came by a detour first never came directly',
      'if (!entry.cameDirectly) {',
      "if (!entry.cameDirectly && entry.state !== 'vote') {",
    ],
    [
      'suspected since now, not since the sign',
      'entry.suspectNs = this.session.downSinceNs(peer);',
      'entry.suspectNs = this.session.nowNs;',
    ],
    [
      'a flag gives the own arrival as the second one',
      'tSecondArrivalNs: this.current.secondNs,',
      'tSecondArrivalNs: this.current.ownNs,',
    ],
    [
      'early votes are no arrivals',
      '      for (const peer of this.members.peers) this.#markDown(peer);\n    }\n    this.arrived();',
      '      for (const peer of this.members.peers) this.#markDown(peer);\n    }',
    ],
    [
      'a vouched vote whose wrong one came directly suspects no link',
      "if (provenance === 'relayed' && cameDirectly) continue;",
      'if (cameDirectly) continue;',
    ],
    [
      'the mask of direct votes is of this rendezvous',
      'own.vote.direct = this.previous.directMask();',
      'own.vote.direct = table.directMask();',
    ],
  ]),
  ...mutantsOf('tmr/core/core.ts', units, [
    [
      'DOWN is dated by nobody',
      '    session.dead |= bit(peer);\n    session.noteDown(peer);\n',
      '    session.dead |= bit(peer);\n',
    ],
    [
      'only the last DONE counts',
      'this.#session.done |= bit(from);',
      'this.#session.done = bit(from);',
    ],
  ]),
];

export const coreMutants: readonly Mutant[] = [
  ...unseen,
  ...votes,
  ...inputs,
  ...streams,
  ...cores,
  ...sessions,
  ...tables,
];
