/** Faults between one tracer and the trusted parties: NFS server and monitor. */
import { defineKind } from './define.ts';
import { bitOf, choice, optional, replica, required } from './parameters.ts';

const whose = required(replica, 'whose connection');
const itself = (values: { replica: number }): number => values.replica;
const onTracer = (values: { replica: number }): string => `tracer:${values.replica}`;

export const falseFlagNotice = defineKind({
  name: 'false-flag-notice',
  title: 'false flag notice',
  summary: 'One tracer sends one notice about a healthy replica.',
  parameters: {
    accuser: required(replica, 'whose authenticated connection sends the notice'),
    accused: required(replica, 'the healthy replica'),
    to: optional(choice('nfs', 'monitor', 'both'), 'who gets it', 'nfs'),
  },
  example: 'false-flag-notice:accuser=1,accused=2,at=rendezvous:40',
  positiveControl: '--policy paper: the healthy replica is flagged; agreed: nobody is',
  target: ({ to }) => (to === 'both' ? 'nfs+monitor' : to),
  faulty: ({ accuser }) => accuser,
  flag: () => 'never',
  bound: null,
  contradiction: ({ accuser, accused }) =>
    accuser === accused ? 'accused: expected another replica than the accuser' : undefined,
});

export const requestBitFlip = defineKind({
  name: 'request-bit-flip',
  title: 'request bit flip',
  summary: 'One bit of the last word of one NFS call is inverted on its way to the server.',
  parameters: { replica: whose, bit: optional(bitOf(32), 'of the last word of the call', 'drawn') },
  example: 'request-bit-flip:replica=2,bit=9,at=rendezvous:40',
  positiveControl: 'one replica: the run ends with status 125',
  target: onTracer,
  faulty: itself,
  flag: () => 'may',
  bound: null,
});

export const outputBitFlip = defineKind({
  name: 'output-bit-flip',
  title: 'output bit flip',
  summary: 'One bit of the first byte of one output is inverted on its way to the monitor.',
  parameters: { replica: whose, bit: optional(bitOf(8), 'of the byte', 'drawn') },
  example: 'output-bit-flip:replica=2,bit=1,at=rendezvous:40',
  positiveControl: 'one replica: the output is wrong',
  target: onTracer,
  faulty: itself,
  // The monitor flags whose output differs from two equal ones.
  flag: () => 'may',
  bound: null,
});

export const serviceLinkLoss = defineKind({
  name: 'service-link-loss',
  title: 'service link lost',
  summary: 'The connection of one tracer to the NFS server or to the monitor ends.',
  parameters: { replica: whose, service: required(choice('nfs', 'monitor'), 'to whom') },
  example: 'service-link-loss:replica=1,service=nfs,at=rendezvous:40',
  positiveControl: 'one replica: the run ends with status 125',
  target: onTracer,
  faulty: itself,
  flag: () => 'may',
  bound: null,
});

export const serviceKinds = [
  falseFlagNotice,
  requestBitFlip,
  outputBitFlip,
  serviceLinkLoss,
] as const;
