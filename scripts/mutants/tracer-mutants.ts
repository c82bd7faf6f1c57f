/** What a session process does beside its core (R9, R18, R19), and its frames, weakened. */
import { mutantsOf } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const tracerTests = [
  'tmr/tracer/session/protocol-duties.test.ts',
  'tmr/tracer/session/link.test.ts',
  'tmr/tracer/session/signal-marks.test.ts',
];
/** Waits are bounded here; those of link.test.ts last for ever without timers or news of an end. */
const pumpTests = ['tmr/tracer/session/protocol-duties.test.ts'];
const wireTests = ['tmr/wire/frame.test.ts', 'tmr/wire/peer-codec.test.ts'];

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

/** Most are of a tester who had not seen the others. */
const unseen: Mutant[] = [
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
];

export const tracerMutants: readonly Mutant[] = [...sessionProcess, ...wire, ...unseen];
