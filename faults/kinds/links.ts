/** Faults of the connection between two tracers. Nobody is to be flagged for them. */
import { defineKind } from './define.ts';
import {
  bitOf,
  choice,
  duration,
  link,
  optional,
  pair,
  required,
  SIGNATURE_BITS,
  type Link,
} from './parameters.ts';
import { phaseOfLink } from './phase.ts';

const direction = required(link, 'from whom to whom');

const ofLink = {
  target: (values: { link: Link }): string => `link:${values.link.from}-${values.link.to}`,
  faulty: (): null => null,
  flag: () => 'never' as const,
  bound: null,
};
const underPaper = 'with --policy paper a healthy replica is flagged; agreed: nobody is';

export const linkBitFlip = defineKind({
  name: 'link-bit-flip',
  title: 'link bit flip',
  summary: 'One bit of the signature is inverted on its way from one tracer to one other.',
  parameters: {
    link: direction,
    bit: optional(bitOf(SIGNATURE_BITS), 'of the 64-bit signature', 'drawn'),
    checksum: optional(
      choice('stale', 'valid'),
      "stale: the frame's checksum shows it, so the vote is lost; valid: it fits the wrong vote, whose seal does not",
      'stale',
    ),
    votes: optional(
      choice('one', 'all'),
      'one vote, or all from there on, in relays and views too',
      'one',
    ),
  },
  example: 'link-bit-flip:link=1-2,bit=17,at=rendezvous:120',
  positiveControl: underPaper,
  ...ofLink,
});

export const voteLoss = defineKind({
  name: 'vote-loss',
  title: 'vote loss',
  summary: 'One vote from one tracer to one other is lost.',
  parameters: { link: direction },
  example: 'vote-loss:link=1-2,at=rendezvous:40',
  positiveControl: underPaper,
  ...ofLink,
});

export const linkSilence = defineKind({
  name: 'link-silence',
  title: 'silent link',
  summary: 'From a rendezvous on nothing gets from one tracer to one other; the way back works.',
  parameters: { link: direction },
  example: 'link-silence:link=2-3,at=rendezvous:40',
  positiveControl: underPaper,
  ...ofLink,
});

/** What a link spoils is a lost vote: the wrong one that a dispute is about is of the tracer that closes it. */
export const linkReset = defineKind({
  name: 'link-reset',
  title: 'link reset',
  summary: 'The connection between two tracers ends.',
  parameters: { link: required(link, 'the end that closes it, and the other'), phase: phaseOfLink },
  example: 'link-reset:link=1-3,phase=after-vote,at=rendezvous:40',
  positiveControl: underPaper,
  ...ofLink,
  faulty: ({ link: { from }, phase: when }) => (when === 'dispute' ? from : null),
  // To one peer alone: the other one may vouch for it.
  flag: ({ phase: when }) => (when === 'dispute' ? 'may' : 'never'),
});

export const linkPartition = defineKind({
  name: 'link-partition',
  title: 'link partitioned',
  summary: 'Two tracers cannot reach each other for a time; each reaches everybody else.',
  parameters: {
    link: required(pair, 'the two tracers'),
    duration: required(duration, 'after which all is as before'),
  },
  example: 'link-partition:link=1-2,duration=1s,at=rendezvous:50',
  positiveControl: underPaper,
  inContainers: true,
  ...ofLink,
});

export const linkKinds = [linkBitFlip, voteLoss, linkSilence, linkReset] as const;
