/** The rules of NFS server, monitor and session process (R9, R12, R13, R15, R18, R19) weakened. */
import { mutantsOf } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const serverTests = [
  'tmr/nfs/session/notices.test.ts',
  'tmr/nfs/session/slots.test.ts',
  'tmr/nfs/session/slot-table.test.ts',
];
const monitorTests = [
  'tmr/monitor/notices.test.ts',
  'tmr/monitor/session.test.ts',
  'tmr/monitor/slots.prop.test.ts',
  'tmr/monitor/slots.test.ts',
];
const tracerTests = [
  'tmr/tracer/session/protocol-duties.test.ts',
  'tmr/tracer/session/link.test.ts',
  'tmr/tracer/session/signal-marks.test.ts',
];
/** Waits are bounded here; those of link.test.ts last for ever without timers or news of an end. */
const pumpTests = ['tmr/tracer/session/protocol-duties.test.ts'];
const wireTests = ['tmr/wire/frame.test.ts', 'tmr/wire/peer-codec.test.ts'];

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

const sessionProcess: Mutant[] = [
  ...mutantsOf('tmr/tracer/session/pump.ts', pumpTests, [
    [
      'tracer: timers before the sockets',
      '    const until = Math.min(deadlineNs, this.#nextDeadlineNs());\n',
      '    this.#expire();\n    const until = Math.min(deadlineNs, this.#nextDeadlineNs());\n',
    ],
    [
      'tracer: timers never',
      '    this.#reapClosed();\n    this.#expire();\n',
      '    this.#reapClosed();\n',
    ],
    [
      'tracer: one record at a time',
      'for (let body = link.next(); body !== undefined; body = link.next()) handler.record(body);',
      'const body = link.next();\n      if (body !== undefined) handler.record(body);',
    ],
    ['tracer: the end of a link is not told', '    watched.handler.closed();\n', ''],
  ]),
  ...mutantsOf('tmr/tracer/session/services.ts', tracerTests, [
    ['tracer: a lost service is not told', '    this.#tell(party);\n', ''],
    ['tracer: a lost service changes nothing', '    this.#lost = party;\n', ''],
    [
      'tracer: it never leaves a lost service',
      "      if (nowNs >= this.#leaveNs) throw new SessionEnd('lost', `${this.#lost} lost`);\n",
      '',
    ],
    [
      'tracer: it leaves a lost service at once',
      'native.monotonicNs() + this.#graceNs',
      'native.monotonicNs()',
    ],
    [
      'tracer: a service is lost too late',
      '>= this.#serviceTimeoutNs) this.lose',
      '>= 3 * this.#serviceTimeoutNs) this.lose',
    ],
    [
      'tracer: a service is lost too soon',
      '>= this.#serviceTimeoutNs) this.lose',
      '>= this.#serviceTimeoutNs / 8) this.lose',
    ],
    ['tracer: services are not pinged', '      else if (isPingDue) this.#ping[party]();\n', ''],
    [
      'tracer: a stopped process blames the services',
      '> this.#serviceTimeoutNs / 2) {',
      '> 9 * this.#serviceTimeoutNs) {',
    ],
    [
      'tracer: a loss is seen at the next ping only',
      'Math.min(this.#nextPingNs, heardNs + this.#serviceTimeoutNs)',
      'this.#nextPingNs',
    ],
    [
      'tracer: what services say is not heard',
      '    this.#heardNs[party] = native.monotonicNs();\n',
      '',
    ],
    ['tracer: a pause does not stop the pings', '    this.#nextPingNs = Infinity;\n  }', '  }'],
    [
      'tracer: after a pause services are lost',
      "    this.#heardNs = { 'file server': nowNs, monitor: nowNs };\n    this.#nextPingNs = nowNs + this.#serviceTimeoutNs / 4;\n  }\n\n  nextDeadlineNs",
      '    this.#nextPingNs = nowNs + this.#serviceTimeoutNs / 4;\n  }\n\n  nextDeadlineNs',
    ],
  ]),
  ...mutantsOf('tmr/tracer/session/server-link.ts', tracerTests, [
    [
      'tracer: the executed digest is not compared',
      '!reply.verifier.body.equals(digest)',
      'reply.verifier.body.length < 0',
    ],
    [
      'tracer: any reply is the reply',
      'if (reply.xid === this.#waitingXid) {',
      'if (this.#waitingXid !== -1) {',
    ],
    ['tracer: calls are not counted', '    this.counter++;\n', ''],
    [
      'tracer: a call that was refused took place',
      "reply === undefined || reply.kind !== 'success'",
      'reply === undefined',
    ],
  ]),
  ...mutantsOf('tmr/tracer/session/monitor-link.ts', tracerTests, [
    [
      'tracer: any slot reply is the reply',
      'if (message.n === this.#slot) {',
      'if (message.n >= 0) {',
    ],
    ['tracer: slots are not counted', '    this.#slot++;\n', ''],
    [
      'tracer: the monitor cannot end it',
      "        throw new SessionEnd('ended', message.reason);\n",
      '        break;\n',
    ],
  ]),
  ...mutantsOf('tmr/tracer/session/voter.ts', tracerTests, [
    [
      'tracer: checksums are not looked at',
      'const body = checkFrame(record);',
      'const body = record.subarray(0, -4);',
    ],
    ['tracer: a bad frame is not reported', '      this.#recorder.linkSuspect(from);\n', ''],
    [
      'tracer: no notice to the server',
      '        this.ports.noticeToServer(effect.accused, effect.stream, effect.k, effect.mechanism);\n',
      '',
    ],
    ['tracer: no notice to the monitor', '        this.#monitor.send(effect);\n', ''],
    ['tracer: the link to the flagged stays', '        this.ports.closePeer(effect.peer);\n', ''],
    [
      'tracer: it goes on though it fenced',
      "        throw new SessionEnd('fenced', effect.reason);\n",
      '        break;\n',
    ],
    [
      'tracer: it goes on though it stopped',
      "        throw new SessionEnd('stopped', effect.reason);\n",
      '        break;\n',
    ],
    [
      'tracer: it does not wait for the decision',
      '    if (!this.#decided) this.#pump.until(() => this.#decided);\n',
      '',
    ],
    [
      'tracer: its own clock is agreed',
      '        this.agreed.elapsedNs = effect.inputs.elapsedNs;\n',
      '',
    ],
    ['tracer: no signal is delivered', '        this.agreed.marks = effect.inputs.marks;\n', ''],
    ['tracer: signals are not marked', '    vote.inputs.marks = this.#signals.marks;\n', ''],
    [
      'tracer: a signal is marked for ever',
      '    this.#signals.delivered(this.agreed.marks);\n',
      '',
    ],
    [
      'tracer: the end of a link is not heard',
      "        this.#handle({ type: 'link-closed', peer: replica });\n",
      '',
    ],
    ['tracer: a pause does not reach the core', "    this.#handle({ type: 'suspend' });\n", ''],
  ]),
  ...mutantsOf('tmr/tracer/session/signal-marks.ts', tracerTests, [
    [
      'tracer: a late announcement marks',
      '> (this.#delivered[signal] ?? 0)',
      '>= (this.#delivered[signal] ?? 0)',
    ],
    [
      'tracer: a mark is never cleared',
      'waiting ? this.marks | bit : this.marks & ~bit',
      'this.marks | bit',
    ],
  ]),
];

const wire: Mutant[] = [
  ...mutantsOf('tmr/wire/frame.ts', wireTests, [
    [
      'wire: any checksum holds',
      'crc32(body) === record.readUInt32BE(record.length - 4) ? body : undefined',
      'body',
    ],
    [
      'wire: the checksum leaves the first bytes out',
      'writer.bytes().subarray(4)',
      'writer.bytes().subarray(8)',
    ],
  ]),
];

export const serviceMutants: readonly Mutant[] = [
  ...serverNotices,
  ...serverSlots,
  ...serverSessions,
  ...monitorSlots,
  ...monitorNotices,
  ...monitorSessions,
  ...sessionProcess,
  ...wire,
];
