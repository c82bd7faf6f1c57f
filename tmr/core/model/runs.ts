/** The runs of the model as data: which faults, settings and ablations, and what is to come of them. */

export type Macros = Readonly<Record<string, string | number | true>>;

export type Property = 'P1' | 'P2' | 'P3' | 'P4' | 'P5' | 'P6';

export interface Run {
  name: string;
  macros: Macros;
  expected: 'holds' | 'violated';
  /** With `violated`: which property. */
  violates?: Property;
  /** The rule that is left out. */
  without?: string;
  /** Cheap enough for every change. */
  quick?: true;
  /** So many states that they are kept in less memory, and that it pays to compile for longer. */
  large?: true;
}

/** Kinds of faults in tmr.pml; each single one is to be survived. */
export const kinds = [
  'NONE',
  'SIGNATURE_AT_SENDER',
  'INPUTS_AT_SENDER',
  'SIGNATURE_ON_LINK',
  'LASTING_ON_LINK',
  'VOTE_LOST',
  'REPLICA_WRONG',
  'TRACER_CRASH',
  'REPLICA_SLOW',
  'FALSE_NOTICE',
  'REQUEST_CORRUPTED',
  'OUTPUT_CORRUPTED',
  'LINK_RESET',
  'LINK_DEAD',
  'TWO_FACED',
  'EARLY_WRONG',
  'ROGUE',
  'TRACER_STOPPED',
  'REPLICA_KILL',
  'INPUTS_ON_LINK',
  'REPLICA_FAST',
  'CUT_OFF',
  'WRONG_SEAL',
  'FORGED_RELAY',
] as const;
export type Kind = (typeof kinds)[number] | 'TWO_FACED_INPUTS';

/** Skew 0: every interleaving of tracers, links and services. */
const plain: Macros = { T: 4, Q: 1, D: 1, K: 3 };
/** Each arrival 0 or 1 tick late; services act at once (PROMPT in tmr.pml). */
const skewed: Macros = { T: 5, Q: 2, D: 1, K: 2, SKEW: 1, PROMPT: true };
/** With Q = S every late arrival is asked for. */
const asking: Macros = { T: 5, Q: 1, D: 1, K: 2, SKEW: 1, AT_MAX: 1 };

/**
 * Without the orders at the services. What a link spoils is a lost vote, and the run of VOTE_LOST has every
 * interleaving; of WRONG_SEAL other runs have.
 */
const promptKinds: readonly Kind[] = [
  'SIGNATURE_ON_LINK',
  'LASTING_ON_LINK',
  'INPUTS_ON_LINK',
  'WRONG_SEAL',
];

/** Cheap at every change: under 50,000 states. */
const quickKinds: readonly Kind[] = ['REPLICA_WRONG', 'REQUEST_CORRUPTED', 'TWO_FACED'];

const survives = (kind: Kind, macros: Macros): Run => ({
  name: `${kind}, ${textOf(macros)}`,
  macros: { FAULT: kind, ...macros },
  expected: 'holds',
});

/** A healthy replica late at each rendezvous: a relayed vote that nobody cast may stand for its own. */
const late: Macros = { T: 4, Q: 1, D: 1, K: 3, SKEW: 1, PROMPT: true };
/** At the last rendezvous: few states, for every change. */
const last: Macros = { ...plain, AT_MIN: 3 };

const harmless: readonly (readonly [Kind, Macros])[] = [
  ['REPLICA_SLOW', { SLOW: 2, HARMLESS: true }],
  ['TRACER_STOPPED', { STOP: 2, HARMLESS: true }],
];

const singleFaults: Run[] = [
  ...kinds.map((kind): Run => {
    const run = survives(kind, promptKinds.includes(kind) ? { ...plain, PROMPT: true } : plain);
    if (quickKinds.includes(kind)) return { ...run, quick: true };
    return kind === 'WRONG_SEAL' ? { ...run, large: true } : run;
  }),
  // With every interleaving: the last two rendezvous of three, both of two.
  survives('WRONG_SEAL', { ...plain, AT_MIN: 2 }),
  survives('WRONG_SEAL', { ...plain, K: 2 }),
  { ...survives('WRONG_SEAL', last), quick: true },
  ...harmless.map(([kind, more]) => survives(kind, { ...plain, ...more, PROMPT: true })),
  ...kinds.map((kind) => survives(kind, skewed)),
  ...harmless.map(([kind, more]) => survives(kind, { ...skewed, ...more })),
  ...(['NONE', 'VOTE_LOST', 'SIGNATURE_ON_LINK', 'TRACER_CRASH'] as const).map((kind) =>
    survives(kind, { ...asking, PROMPT: true }),
  ),
  // No link ever holds more than six messages there.
  { ...survives('WRONG_SEAL', { ...asking, PROMPT: true, CAP: 6 }), large: true },
  survives('TWO_FACED', { ...asking, PROMPT: true }),
  survives('FORGED_RELAY', { ...asking, PROMPT: true }),
  survives('FORGED_RELAY', late),
];

/** The rule, the macro that leaves it out, a fault under which that shows. */
interface Ablation {
  rule: string;
  macro: string;
  kind: Kind;
  more?: Macros;
  /** Absent: P1 to P5 hold without the rule, and README.md says what it is kept for. */
  violates?: Property;
  quick?: true;
}

const quick = { quick: true } as const;
const prompt: Macros = { PROMPT: true };

const ablations: readonly Ablation[] = [
  { rule: 'R1, early votes are kept', macro: 'NO_EARLY', kind: 'NONE', violates: 'P2' },
  {
    rule: 'R2, from the second arrival',
    macro: 'NO_R2',
    kind: 'EARLY_WRONG',
    violates: 'P2',
    ...quick,
  },
  { rule: 'R3, alone waits', macro: 'NO_R3', kind: 'REPLICA_FAST', violates: 'P2' },
  { rule: 'R4, ask', macro: 'NO_ASK', kind: 'VOTE_LOST', violates: 'P2', ...quick },
  {
    rule: 'R1, R4, seals that every peer can check',
    macro: 'PAIR_SEALS',
    kind: 'WRONG_SEAL',
    more: prompt,
    violates: 'P2',
  },
  {
    rule: 'R1, R4, seals',
    macro: 'NO_SEALS',
    kind: 'FORGED_RELAY',
    more: late,
    violates: 'P2',
    ...quick,
  },
  {
    rule: 'R1, R4, seals, a vote that a link spoilt',
    macro: 'NO_SEALS',
    kind: 'LASTING_ON_LINK',
    ...quick,
  },
  {
    rule: 'R4, acquit, never accuse, and seals',
    macro: 'NO_ACQUIT',
    kind: 'SIGNATURE_ON_LINK',
    more: { ...asking, NO_SEALS: true },
    violates: 'P2',
  },
  {
    rule: 'R4, acquit, never accuse',
    macro: 'NO_ACQUIT',
    kind: 'TWO_FACED',
    more: { ...asking, ...prompt },
  },
  { rule: 'R4, relay mode', macro: 'NO_RELAY_MODE', kind: 'LINK_DEAD' },
  {
    rule: 'R4, history of votes',
    macro: 'NO_HISTORY_OF_VOTES',
    kind: 'VOTE_LOST',
    more: prompt,
    violates: 'P2',
  },
  {
    rule: 'R7, history of views',
    macro: 'NO_HISTORY_OF_VIEWS',
    kind: 'TWO_FACED',
    violates: 'P2',
    ...quick,
  },
  {
    rule: 'R7, history of views',
    macro: 'NO_HISTORY_OF_VIEWS',
    kind: 'LINK_RESET',
    violates: 'P2',
  },
  { rule: 'R5, compare', macro: 'NO_COMPARE', kind: 'REPLICA_WRONG', violates: 'P3' },
  { rule: 'R5, frozen table', macro: 'NO_FREEZE', kind: 'REPLICA_SLOW', violates: 'P1' },
  { rule: 'R5, cut off fences at once', macro: 'NO_LEAVE', kind: 'CUT_OFF' },
  { rule: 'R6, views', macro: 'NO_VIEWS', kind: 'TWO_FACED', violates: 'P1' },
  { rule: 'R6, views', macro: 'NO_VIEWS', kind: 'LINK_RESET', violates: 'P2' },
  { rule: 'R6, vouched', macro: 'NO_VOUCH', kind: 'TWO_FACED', violates: 'P1' },
  { rule: 'R6, vouched', macro: 'NO_VOUCH', kind: 'LINK_RESET', violates: 'P2' },
  {
    rule: 'R6, never wait for the accused',
    macro: 'WAIT_FOR_ACCUSED',
    kind: 'TRACER_CRASH',
    violates: 'P2',
    ...quick,
  },
  { rule: 'R6, R11, outvoted fences', macro: 'NO_FENCE', kind: 'SIGNATURE_AT_SENDER' },
  {
    rule: 'R6, the flag goes to the monitor',
    macro: 'NO_FLAG_AT_MONITOR',
    kind: 'REPLICA_WRONG',
    violates: 'P4',
  },
  {
    rule: 'R6, the flag goes to the server',
    macro: 'NO_FLAG_AT_SERVER',
    kind: 'REPLICA_WRONG',
    violates: 'P4',
    ...quick,
  },
  {
    rule: 'R7, only after closing',
    macro: 'NO_AFTER_CLOSE',
    kind: 'TWO_FACED',
    violates: 'P1',
  },
  {
    rule: 'R7, only after closing',
    macro: 'NO_AFTER_CLOSE',
    kind: 'LINK_RESET',
    violates: 'P2',
  },
  { rule: 'R7, two views against me', macro: 'NO_OUTVOTED', kind: 'SIGNATURE_AT_SENDER' },
  { rule: 'R8, inputs after the decision', macro: 'NO_R8', kind: 'TRACER_CRASH', violates: 'P1' },
  { rule: 'R8, max()', macro: 'NO_MAX', kind: 'SIGNATURE_AT_SENDER', violates: 'P1' },
  {
    rule: 'R9, answers while waiting',
    macro: 'NO_R9',
    kind: 'TRACER_CRASH',
    violates: 'P2',
    ...quick,
  },
  { rule: 'R10, stays at the end', macro: 'NO_R10', kind: 'TWO_FACED', violates: 'P2' },
  { rule: 'R10, stays at the end', macro: 'NO_R10', kind: 'LINK_RESET', violates: 'P2' },
  { rule: 'R12, slot order', macro: 'NO_SLOT_ORDER', kind: 'ROGUE', violates: 'P1' },
  {
    rule: 'R12, two digests',
    macro: 'NO_TWO_DIGESTS',
    kind: 'REQUEST_CORRUPTED',
    violates: 'P1',
  },
  {
    rule: 'R12, a reply per digest',
    macro: 'NO_REPLY_PER_DIGEST',
    kind: 'REQUEST_CORRUPTED',
    violates: 'P2',
  },
  {
    rule: 'R12, compare the executed digest, one reply a slot',
    macro: 'NO_EXECUTED',
    kind: 'REQUEST_CORRUPTED',
    more: { NO_REPLY_PER_DIGEST: true },
    violates: 'P1',
  },
  {
    rule: 'R12, compare, a reply per digest',
    macro: 'NO_EXECUTED',
    kind: 'REQUEST_CORRUPTED',
  },
  {
    rule: 'R12, compare with the computed one',
    macro: 'COMPARE_RECEIVED',
    kind: 'REQUEST_CORRUPTED',
    violates: 'P2',
  },
  {
    rule: 'R12, two notices',
    macro: 'NO_TWO_NOTICES',
    kind: 'FALSE_NOTICE',
    violates: 'P2',
    ...quick,
  },
  {
    rule: 'R13, two equal outputs',
    macro: 'NO_OUTPUT_VOTE',
    kind: 'OUTPUT_CORRUPTED',
    violates: 'P1',
    ...quick,
  },
  { rule: 'R16, ends are acted on at once', macro: 'TIMEOUT_ONLY', kind: 'TRACER_CRASH' },
  {
    rule: 'the checksum, and seals',
    macro: 'NO_CHECKSUM',
    kind: 'INPUTS_ON_LINK',
    more: { NO_SEALS: true },
    violates: 'P1',
    ...quick,
  },
  { rule: 'the checksum', macro: 'NO_CHECKSUM', kind: 'INPUTS_ON_LINK', more: prompt },
];

const withoutRules = ablations.map(({ rule, macro, kind, more, violates, quick: cheap }): Run => ({
  name: `without ${rule}: ${kind}`,
  macros: { FAULT: kind, ...plain, ...more, [macro]: true },
  ...outcome(violates),
  without: rule,
  ...(cheap === undefined ? {} : { quick: true }),
}));

function outcome(violates: Property | undefined): Pick<Run, 'expected' | 'violates'> {
  return violates === undefined ? { expected: 'holds' } : { expected: 'violated', violates };
}

/** protocol.md 5: what is not survived, and section 6: S + Q < T is sharp for a lost vote. */
const outside: Run[] = [
  { ...survives('TWO_FACED_INPUTS', plain), ...outcome('P1'), quick: true },
  ...(
    [
      [3, 4, 1],
      [4, 5, 1],
      [2, 4, 2],
    ] as const
  ).map(([SKEW, T, Q]): Run => ({
    ...survives('VOTE_LOST', { T, Q, D: 1, K: 2, SKEW, AT_MAX: 1, PROMPT: true }),
    ...outcome('P2'),
  })),
  survives('VOTE_LOST', { T: 5, Q: 2, D: 1, K: 2, SKEW: 2, AT_MAX: 1, PROMPT: true }),
];

/** The first at tracer 3 (or its links), the second at tracer 2, or on the link from 2 to 1: only P6. */
const pairs: readonly (readonly [Kind, Kind])[] = [
  ['REPLICA_WRONG', 'REPLICA_WRONG'],
  ['REPLICA_WRONG', 'TRACER_CRASH'],
  ['REPLICA_WRONG', 'REPLICA_KILL'],
  ['REPLICA_WRONG', 'SIGNATURE_ON_LINK'],
  ['REPLICA_WRONG', 'VOTE_LOST'],
  ['REPLICA_WRONG', 'REQUEST_CORRUPTED'],
  ['REPLICA_WRONG', 'OUTPUT_CORRUPTED'],
  ['REPLICA_WRONG', 'FALSE_NOTICE'],
  ['ROGUE', 'REPLICA_WRONG'],
  ['ROGUE', 'SIGNATURE_ON_LINK'],
  ['ROGUE', 'FALSE_NOTICE'],
  ['ROGUE', 'REQUEST_CORRUPTED'],
  ['TWO_FACED', 'REPLICA_WRONG'],
  ['TWO_FACED', 'SIGNATURE_ON_LINK'],
  ['TRACER_CRASH', 'SIGNATURE_ON_LINK'],
  ['TRACER_CRASH', 'OUTPUT_CORRUPTED'],
  ['FALSE_NOTICE', 'REPLICA_WRONG'],
  ['INPUTS_AT_SENDER', 'REPLICA_WRONG'],
  ['TWO_FACED_INPUTS', 'SIGNATURE_ON_LINK'],
  ['TRACER_CRASH', 'REQUEST_CORRUPTED'],
  ['REQUEST_CORRUPTED', 'REQUEST_CORRUPTED'],
  ['EARLY_WRONG', 'TRACER_CRASH'],
  ['CUT_OFF', 'REQUEST_CORRUPTED'],
  ['REPLICA_KILL', 'LINK_RESET'],
  ['WRONG_SEAL', 'REPLICA_WRONG'],
  ['WRONG_SEAL', 'VOTE_LOST'],
  ['FORGED_RELAY', 'REPLICA_WRONG'],
  ['FORGED_RELAY', 'TRACER_CRASH'],
];

/** What matters in them is the order in which a service hears of things. */
const atServices: readonly Kind[] = ['REQUEST_CORRUPTED', 'OUTPUT_CORRUPTED', 'FALSE_NOTICE'];
/** With every order at the services a rogue's pairs, and some crashes', have too many states. */
const large: readonly Kind[] = ['ROGUE', 'TRACER_CRASH', 'CUT_OFF'];

const isPrompt = (pair: readonly Kind[]): boolean =>
  pair.some((kind) => large.includes(kind)) || !pair.some((kind) => atServices.includes(kind));

/** Too many states from the first rendezvous on: chosen seals; a crash at any moment beside a lost vote. */
const isTooLarge = (first: Kind, second: Kind): boolean =>
  first === 'WRONG_SEAL' || (first === 'TRACER_CRASH' && second === 'SIGNATURE_ON_LINK');

const twoFaults: Run[] = [
  ...pairs.map(([first, second], index): Run => {
    const orders = isPrompt([first, second]) ? prompt : {};
    const from: Macros = isTooLarge(first, second) ? { AT_MIN: 2, AT2_MIN: 2 } : {};
    const run = survives(first, { ...plain, FAULT2: second, ...orders, ...from });
    return { ...run, name: `two faults: ${first} and ${second}`, ...(index === 0 ? quick : {}) };
  }),
  {
    name: 'two faults, without R13: OUTPUT_CORRUPTED and REPLICA_WRONG',
    macros: { ...plain, FAULT: 'OUTPUT_CORRUPTED', FAULT2: 'REPLICA_WRONG', NO_OUTPUT_VOTE: true },
    ...outcome('P6'),
    without: 'R13, two equal outputs (P6)',
  },
  {
    name: 'two faults, without R12, an end when no two digests are equal: REQUEST_CORRUPTED twice',
    macros: {
      ...plain,
      FAULT: 'REQUEST_CORRUPTED',
      FAULT2: 'REQUEST_CORRUPTED',
      NO_QUORUM_STOP: true,
    },
    ...outcome('P5'),
    without: 'R12, an end without a quorum (the session hangs: P5)',
  },
  {
    name: 'two faults, without R12, digests: REQUEST_CORRUPTED and INPUTS_AT_SENDER',
    macros: {
      ...plain,
      FAULT: 'REQUEST_CORRUPTED',
      FAULT2: 'INPUTS_AT_SENDER',
      NO_TWO_DIGESTS: true,
      NO_REPLY_PER_DIGEST: true,
      NO_EXECUTED: true,
    },
    ...outcome('P6'),
    without: 'R12, two digests, a reply per digest, comparing the executed one (P6)',
  },
  {
    name: 'two faults, without R15, a notice in duplex stops: REPLICA_WRONG and FALSE_NOTICE',
    macros: { ...plain, FAULT: 'REPLICA_WRONG', FAULT2: 'FALSE_NOTICE', NO_DUPLEX_NOTICE: true },
    expected: 'holds',
    without: 'R15, a notice in duplex stops (P6)',
  },
  {
    name: 'two faults, without R6, two members that differ stop: REPLICA_WRONG and REPLICA_WRONG',
    macros: { ...plain, FAULT: 'REPLICA_WRONG', FAULT2: 'REPLICA_WRONG', NO_DUPLEX_STOP: true },
    expected: 'holds',
    without: 'R6, two members that differ stop (P6)',
  },
];

export const runs: readonly Run[] = [...withoutRules, ...twoFaults, ...singleFaults, ...outside];

function textOf(macros: Macros): string {
  return Object.entries(macros)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`))
    .join(' ');
}
