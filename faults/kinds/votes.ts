/** Faults of a replica or its tracer that show in its votes. */
import { defineKind } from './define.ts';
import { orProvoked, phase } from './phase.ts';
import {
  address,
  bitOf,
  choice,
  offset,
  optional,
  replica,
  required,
  SIGNATURE_BITS,
} from './parameters.ts';

const bit = optional(bitOf(SIGNATURE_BITS), 'of the 64-bit signature', 'drawn');
const whose = required(replica, 'whose vote');
const onTracer = (values: { replica: number }): string => `tracer:${values.replica}`;
const itself = (values: { replica: number }): number => values.replica;

export const signatureBitFlip = defineKind({
  name: 'signature-bit-flip',
  title: 'signature bit flip',
  summary: 'One bit of the signature is inverted before the checksum: all peers see it.',
  parameters: {
    replica: whose,
    bit,
    votes: optional(choice('one', 'all'), 'one vote, or all from there on', 'one'),
  },
  example: 'signature-bit-flip:replica=1,bit=17,at=rendezvous:120',
  positiveControl: 'two replicas: the session stops safely',
  target: onTracer,
  faulty: itself,
  flag: () => 'must',
  bound: 'wrong-vote',
});

export const twoFacedVote = defineKind({
  name: 'two-faced-vote',
  title: 'two-faced vote',
  summary:
    'One vote goes to one peer with an inverted bit and a good checksum, to the other as it is.',
  parameters: { replica: whose, to: required(replica, 'the peer that gets the wrong vote'), bit },
  example: 'two-faced-vote:replica=1,to=2,bit=5,at=rendezvous:40',
  positiveControl:
    '--policy paper: one peer alone finds it wrong, and is obeyed; agreed: nobody is flagged',
  target: onTracer,
  faulty: itself,
  flag: () => 'may',
  bound: null,
  contradiction: ({ replica: from, to }) =>
    from === to ? `to: expected another replica than ${from}` : undefined,
});

export const clockError = defineKind({
  name: 'clock-error',
  title: 'clock error',
  summary:
    'The clock that one vote reads is off: wrong inputs, which are agreed and never compared.',
  parameters: { replica: whose, offset: required(offset, 'by how much') },
  example: 'clock-error:replica=2,offset=-5s,at=rendezvous:40',
  positiveControl: 'one replica: the program sees the wrong time',
  target: onTracer,
  faulty: itself,
  flag: () => 'never',
  bound: null,
});

export const earlyVote = defineKind({
  name: 'early-vote',
  title: 'early wrong vote',
  summary: 'A wrong vote for a rendezvous that nobody has reached is sent to all peers.',
  parameters: { replica: whose },
  example: 'early-vote:replica=3,at=rendezvous:40',
  positiveControl: 'two replicas: the session stops safely',
  target: onTracer,
  faulty: itself,
  flag: () => 'must',
  bound: 'wrong-vote',
});

export const forgedRelay = defineKind({
  name: 'forged-relay',
  title: 'forged relays',
  summary:
    'From there on a tracer says with each own vote that one peer has cast the same, and does not wait for it.',
  parameters: {
    replica: required(replica, 'whose tracer'),
    of: required(replica, 'the peer whose votes it makes up'),
  },
  example: 'forged-relay:replica=1,of=2,at=rendezvous:40',
  positiveControl:
    'receivers that do not look at seals: a healthy replica that comes late, within T, is left behind',
  target: onTracer,
  faulty: itself,
  flag: () => 'may',
  bound: null,
  contradiction: ({ replica: forger, of }) =>
    forger === of ? `of: expected another replica than ${forger}` : undefined,
});

/** What the peer gets that `to` does not name. */
export const otherVotes = ['good', 'badly-sealed', 'withheld'] as const;

export const wrongSeal = defineKind({
  name: 'wrong-seal',
  title: 'wrong seals',
  summary:
    'From there on no vote that a tracer gives one peer, by itself or when asked, has its seal; the other peer gets ' +
    'good ones, such ones, or none.',
  parameters: {
    replica: whose,
    to: required(replica, 'the peer that gets the badly sealed votes'),
    other: optional(choice(...otherVotes), 'what the other peer gets', 'withheld'),
  },
  example: 'wrong-seal:replica=1,to=2,other=withheld,at=rendezvous:40',
  positiveControl:
    'agreed: where the other peer gets no good votes either, the replica is flagged; where it does, it relays them',
  target: onTracer,
  faulty: itself,
  flag: ({ other }) => (other === 'good' ? 'may' : 'must'),
  bound: 'absent-vote',
  contradiction: ({ replica: from, to }) =>
    from === to ? `to: expected another replica than ${from}` : undefined,
});

export const rogueTracer = defineKind({
  name: 'rogue-tracer',
  title: 'rogue tracer',
  summary:
    'A tracer votes wrongly for many rendezvous at once, accuses both peers everywhere, and never fences.',
  parameters: { replica: required(replica, 'whose tracer') },
  example: 'rogue-tracer:replica=2,at=rendezvous:40',
  positiveControl: 'two replicas: the session stops safely',
  target: onTracer,
  faulty: itself,
  flag: () => 'must',
  bound: 'wrong-vote',
});

export const memoryBitFlip = defineKind({
  name: 'memory-bit-flip',
  title: 'memory bit flip',
  summary: 'One bit of the memory of a replica is inverted while it stands at its stop.',
  parameters: {
    replica: required(replica, 'in whose memory'),
    address: required(address, 'of the byte (nm(1) of a program linked at fixed addresses)'),
    bit: optional(bitOf(8), 'of the byte', 'drawn'),
    phase,
  },
  example: 'memory-bit-flip:replica=1,address=0x4c5310,bit=3,at=rendezvous:40',
  positiveControl: 'one replica: the output is wrong',
  target: ({ replica: target }) => `replica:${target}`,
  faulty: itself,
  flag: orProvoked('may'),
  bound: null,
});

export const voteKinds = [
  signatureBitFlip,
  twoFacedVote,
  clockError,
  earlyVote,
  forgedRelay,
  wrongSeal,
  rogueTracer,
  memoryBitFlip,
] as const;
