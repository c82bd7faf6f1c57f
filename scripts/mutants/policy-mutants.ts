/** The rules of the two policies (R3-R8, the paper's) weakened one by one. */
import { units } from './core-mutants.ts';
import { mutantsOf } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const agreed = mutantsOf('tmr/core/agreed-core.ts', units, [
  [
    'a relay needs no seal',
    'if (this.session.rules.sealedRelays && !this.session.isSealedBy(origin, vote)) return;',
    '',
  ],
  [
    'a direct vote needs no seal',
    'if (this.session.rules.sealedVotes && !this.session.isSealedBy(from, vote)) return;',
    '',
  ],
  [
    'the vote is skipped',
    'const table = this.current;\n    const bad = this.badMask();',
    'const table = this.current;\n    const bad = 0 as number;',
  ],
  [
    'a relay may accuse',
    'if (!sameVote(entry.relayed, own.vote) && this.session.rules.relayOnlyAcquits) return;',
    '',
  ],
  [
    'there is no history',
    'table === this.previous && !this.session.rules.history',
    'table === this.previous',
  ],
  [
    'nobody asks',
    'if (!session.rules.ask || table.frozen || table.asked) return Infinity;',
    'if (table.k >= 0) return Infinity;',
  ],
  ['asks never stop', '    table.asked = true;\n', ''],
  ['it asks though its table is closed', 'table.frozen || table.asked', 'table.asked'],
  [
    'it asks before it has voted',
    'Number.isNaN(table.ownNs) || Number.isNaN(table.timerNs)) return Infinity;\n    return table.timerNs + session.options.askDelayNs',
    'Number.isNaN(table.timerNs)) return Infinity;\n    return table.timerNs + session.options.askDelayNs',
  ],
  [
    'it asks too late',
    'table.timerNs + session.options.askDelayNs',
    'table.timerNs + 3 * session.options.askDelayNs',
  ],
  [
    'it asks for everybody',
    "if (table.at(peer).state !== 'vote') missing |= bit(peer);",
    'missing |= bit(peer);',
  ],
  [
    'relay mode never ends',
    '(session.relayFor[asker] ?? 0) & ~direct',
    'session.relayFor[asker] ?? 0',
  ],
  ['relay mode ends at once', '(session.relayFor[asker] ?? 0) & ~direct', '0'],
  [
    'there is no relay mode',
    '      if (origin !== this.self) this.#startRelaying(from, origin);\n',
    '',
  ],
  [
    'who asks early is forgotten',
    '      else if (origin !== this.self) entry.askers |= bit(from);\n',
    '',
  ],
  [
    'who has the vote does not relay it',
    "if (entry.state === 'vote') this.#relay(from, origin, entry.vote);",
    "if (entry.state === 'vote') continue;",
  ],
  [
    'what came by a relay is not relayed on',
    '    this.#relayToAskers(table, origin, entry.vote);\n',
    '',
  ],
  ['what came directly is not relayed on', '    this.#relayToAskers(table, from, vote);\n', ''],
  [
    'an early relay is lost',
    '    entry.relayHeld = true;\n    Object.assign',
    "    entry.relayHeld = table.at(this.self).state === 'vote';\n    Object.assign",
  ],
  [
    'a view is answered before the own table is closed',
    '} else if (!this.session.rules.answerAfterClose) {',
    '} else {',
  ],
  ['an early view is never answered', '      this.#answerEarlyViews();\n', ''],
  ['a second view takes the place of the first', '    if (entry.view !== undefined) return;\n', ''],
  [
    'two views against it change nothing',
    'if (this.#heldBadByPeers(table)) {',
    'if (table.k < 0) {',
  ],
  [
    'one view against it is enough',
    'return against >= this.members.majority;',
    'return against >= 1;',
  ],
  [
    'a view without a vote of its sender counts',
    'view === undefined || voteInView(view, peer) === undefined',
    'view === undefined',
  ],
  ['the view of the accused is waited for', 'session.rules.ignoreAccusedView ? ~bad : ~0', '~0'],
  ['the view of the good one is not waited for', 'if (pending !== 0 && !expired) return;\n', '\n'],
  [
    'the dispute never expires',
    'if (pending !== 0 && !expired) return;',
    'if (pending !== 0) return;',
  ],
  [
    'one tracer flags by itself',
    'bitCount(viewers) + 1 < members.majority',
    'bitCount(viewers) + 2 < members.majority',
  ],
  [
    'no fence when both peers are bad',
    'members.count - bitCount(bad) < members.majority',
    'members.count - bitCount(bad) < 0',
  ],
  [
    'a fence at once when both peers are bad in different ways',
    'if (expired || this.#othersAgree(bad)) {',
    'if (expired || bad !== 0) {',
  ],
  [
    'no fence at once when both peers agree',
    'if (expired || this.#othersAgree(bad)) {',
    'if (expired) {',
  ],
  [
    'nobody is vouched for',
    'const vouched = this.#goodInViews(viewers, peer);',
    'const vouched = this.#goodInViews(0, peer);',
  ],
  [
    'a vouched vote is not compared',
    '} else if (sameVote(vouched, own)) {',
    '} else if (vouched !== own) {',
  ],
  [
    'two that differ go on',
    'else this.session.stop(`no majority of two at rendezvous ${table.k}: ${this.describe(bad)}`);',
    'else this.#goOnAnd();',
  ],
  [
    'two that differ wait',
    'else this.session.stop(`no majority of two at rendezvous ${table.k}: ${this.describe(bad)}`);',
    '',
  ],
  [
    'a dispute is waited for too short',
    'disputeNs + this.session.patienceNs',
    'disputeNs + this.session.options.timeoutNs / 2',
  ],
  [
    'a dispute is waited for too long',
    'disputeNs + this.session.patienceNs',
    'disputeNs + 3 * this.session.options.timeoutNs',
  ],
  [
    'a dispute at the exec stop expires',
    'k === 0 || Number.isNaN(disputeNs)',
    'Number.isNaN(disputeNs)',
  ],
  [
    'a dispute is not told',
    '        for (const peer of this.members.peers) this.#sendView(table, peer);\n',
    '',
  ],
  ['a view is sent again and again', '    if ((table.viewSent & bit(to)) !== 0) return;\n', ''],
  [
    'who is alone fences at once',
    'session.nowNs >= this.#answerNs + timeoutNs',
    'session.nowNs >= this.#answerNs',
  ],
  [
    'who is alone waits for ever',
    'session.nowNs >= this.#answerNs + timeoutNs',
    'session.nowNs >= this.#answerNs + 1e6 * timeoutNs',
  ],
  [
    'who is alone does not ping',
    "    for (const peer of this.members.peers) session.send(peer, { type: 'ping' });\n",
    '',
  ],
  [
    'who is alone pings too late',
    'this.#nextPingNs = session.nowNs + timeoutNs / 4;',
    'this.#nextPingNs = session.nowNs + 2 * timeoutNs;',
  ],
  ['an answer does not count', '      this.#answerNs = this.session.nowNs;\n', ''],
  [
    'being alone is remembered',
    '    this.#nextPingNs = NaN;\n    this.#answerNs = NaN;\n    this.goOn();',
    '    this.goOn();',
  ],
  [
    'a fence before the start',
    'if (this.k === 0) this.session.stop(`start: ${reason}`);\n    else ',
    '',
  ],
  [
    'a flag at the exec stop',
    'if (vouched === undefined && table.k === 0) {',
    'if (vouched === undefined && table.k < 0) {',
  ],
  [
    'news of a closed table is not judged',
    '} else if (table === this.current && table.frozen) {\n      this.judge();',
    '} else if (table === this.current && table.frozen) {\n      this.#answerEarlyViews();',
  ],
]);

const paper = mutantsOf('tmr/core/paper-core.ts', units, [
  [
    'paper: it flags when both are bad',
    'members.count - bitCount(bad) >= members.majority',
    'members.count >= 0',
  ],
  [
    'paper: it asks for a second tracer',
    '        if ((bad & bit(peer)) !== 0) this.flag(peer);\n',
    '',
  ],
  ['paper: two go on', '} else if (members.count === 2) {', '} else if (members.count === 1) {'],
]);

/** Of a tester who had not seen the others. */
const unseen: Mutant[] = [
  ...mutantsOf('tmr/core/agreed-core.ts', units, [
    [
      'relay mode is for the wrong one of two',
      'this.#startRelaying(from, origin);',
      'this.#startRelaying(origin, from);',
    ],
    [
      'only the one whose vote is missing is asked',
      "      this.session.send(peer, { type: 'ask', stream: this.id, k: table.k, missing });",
      "      if ((missing & bit(peer)) !== 0) this.session.send(peer, { type: 'ask', stream: this.id, k: table.k, missing });",
    ],
    [
      'a view is waited for though its link has ended',
      'else if (!session.isDown(peer) || waitFor === ~0) pending |= bit(peer);',
      'else pending |= bit(peer);',
    ],
    [
      'a vouched vote has the own inputs',
      "table.at(peer).fill(vouched, 'vouched');",
      "table.at(peer).fill(own, 'vouched');",
    ],
    [
      'who is alone fences at a ping alone',
      'return Math.min(this.#nextPingNs, this.#answerNs + timeoutNs);',
      'return this.#nextPingNs;',
    ],
    [
      'a pause leaves the wait for an answer running',
      '    super.restartTimers();\n    this.#nextPingNs = NaN;\n    this.#answerNs = NaN;\n',
      '    super.restartTimers();\n',
    ],
    [
      'the end of one relay mode ends all',
      'session.relaying = session.relayFor.some((origins) => origins !== 0);',
      'session.relaying = (session.relayFor[asker] ?? 0) !== 0;',
    ],
    [
      'a late vote is relayed to one peer alone',
      'if (asker !== origin && (askers & bit(asker)) !== 0) this.#relay(asker, origin, vote);',
      'if (asker === this.members.peers[0] && asker !== origin && (askers & bit(asker)) !== 0) this.#relay(asker, origin, vote);',
    ],
    [
      'an ask is answered for the first missing vote alone',
      "      if (entry.state === 'vote') this.#relay(from, origin, entry.vote);\n",
      "      if (entry.state === 'vote') {\n        this.#relay(from, origin, entry.vote);\n        return;\n      }\n",
    ],
  ]),
];

export const policyMutants: readonly Mutant[] = [...agreed, ...paper, ...unseen];
