/** Every kind of fault, in words: help, validation and the generated documentation read this. */
import type { FaultKindName } from './fault-spec.ts';

export interface FaultParameter {
  name: string;
  /** The values it takes, with their unit, as help shows them. */
  values: string;
  meaning: string;
  required: boolean;
  /** What holds when it is not given. */
  absent?: string;
}

export interface FaultKind {
  name: FaultKindName;
  summary: string;
  parameters: readonly FaultParameter[];
  example: string;
  /** How to see that the injector really acts: the same fault where it must show. */
  positiveControl: string;
}

const at: FaultParameter = {
  name: 'at',
  values: 'rendezvous:N | rendezvous:N..M | drawn',
  meaning: 'the rendezvous (voted system call, from 1) at which the fault strikes',
  required: false,
  absent: 'drawn from the seed over the rendezvous of the golden run',
};
const seed: FaultParameter = {
  name: 'seed',
  values: '1 to 64 hexadecimal digits',
  meaning: 'what everything drawn is a function of',
  required: false,
  absent: "the trial's seed",
};

const onContainer: FaultParameter = {
  name: 'replica',
  values: '1, 2, 3',
  meaning: "whose tracer's container",
  required: true,
};
const lasting: FaultParameter = {
  name: 'duration',
  values: 'a duration (200ms, 2s)',
  meaning: 'after which all is as before',
  required: true,
};

export const faultKinds: readonly FaultKind[] = [
  {
    name: 'none',
    summary: 'No fault: the control. Nobody may be flagged.',
    parameters: [],
    example: 'none',
    positiveControl: 'zero flags, output and volume as in the golden run',
  },
  {
    name: 'signature-bit-flip',
    summary: 'One bit of the signature in one vote is inverted.',
    parameters: [
      {
        name: 'replica',
        values: '1, 2, 3',
        meaning: 'whose vote',
        required: false,
        absent: 'the sending end of where=link:A-B',
      },
      {
        name: 'where',
        values: 'sender | link:A-B',
        meaning:
          'sender: before the checksum, all peers get the flipped vote; ' +
          'link: after the checksum, in the direction from A to B only',
        required: false,
        absent: 'sender',
      },
      {
        name: 'bit',
        values: '0 to 63 | drawn',
        meaning: 'bit of the 64-bit signature, 0 the least significant',
        required: false,
        absent: 'drawn from the seed',
      },
      at,
      seed,
    ],
    example: 'signature-bit-flip:replica=1,bit=17,at=rendezvous:120',
    positiveControl:
      'two replicas: the session stops safely; on a link with --policy paper a healthy replica is flagged',
  },
  {
    name: 'replica-kill',
    summary: 'SIGKILL to one replica, or to the tracer (session process) that holds it.',
    parameters: [
      { name: 'replica', values: '1, 2, 3', meaning: 'which replica', required: true },
      {
        name: 'process',
        values: 'replica | tracer',
        meaning: 'which of the two processes',
        required: false,
        absent: 'replica',
      },
      at,
      seed,
    ],
    example: 'replica-kill:replica=2,process=tracer,at=rendezvous:50',
    positiveControl: 'one replica: the run ends with status 125',
  },
  {
    name: 'tracer-delay',
    summary: 'The tracer of one replica stands still once, and then goes on.',
    parameters: [
      { name: 'replica', values: '1, 2, 3', meaning: 'whose tracer', required: true },
      {
        name: 'delay',
        values: 'a duration (200ms, 2s) | FROM..TO',
        meaning: 'how long; a range is drawn log-uniformly from the seed, in whole ms',
        required: true,
      },
      at,
      seed,
    ],
    example: 'tracer-delay:replica=3,delay=200ms,at=rendezvous:50',
    positiveControl: 'a delay above the time-out: the replica is late-flagged',
  },
  {
    name: 'false-flag-notice',
    summary: 'One tracer sends the NFS server one notice about a healthy replica.',
    parameters: [
      {
        name: 'accuser',
        values: '1, 2, 3',
        meaning: 'whose authenticated connection sends the notice',
        required: true,
      },
      { name: 'accused', values: '1, 2, 3', meaning: 'the healthy replica', required: true },
      at,
      seed,
    ],
    example: 'false-flag-notice:accuser=1,accused=2,at=rendezvous:40',
    positiveControl: '--policy paper: the healthy replica is flagged; agreed: nobody is',
  },
  {
    name: 'container-kill',
    summary: 'The container of one tracer, its replica inside, is killed (docker kill).',
    parameters: [onContainer, at, seed],
    example: 'container-kill:replica=2,at=rendezvous:50',
    positiveControl: 'the container is gone, and the replica is flagged',
  },
  {
    name: 'container-restart',
    summary: 'The container of one tracer is restarted; a replica never comes back in its session.',
    parameters: [onContainer, at, seed],
    example: 'container-restart:replica=2,at=rendezvous:50',
    positiveControl: 'the container has another start time, and the replica is flagged',
  },
  {
    name: 'container-pause',
    summary: 'All processes of the container of one tracer are frozen, and thawed after a time.',
    parameters: [onContainer, lasting, at, seed],
    example: 'container-pause:replica=3,duration=500ms,at=rendezvous:50',
    positiveControl: 'a pause beyond the time-out: the replica is late-flagged',
  },
  {
    name: 'network-disconnect',
    summary:
      'The container of one tracer is taken off all its networks, and connected again after a time.',
    parameters: [onContainer, lasting, at, seed],
    example: 'network-disconnect:replica=1,duration=2s,at=rendezvous:50',
    positiveControl: 'a disconnection beyond the time-out: the replica is flagged',
  },
  {
    name: 'link-partition',
    summary: 'Two tracers cannot reach each other for a time; each reaches everybody else.',
    parameters: [
      {
        name: 'link',
        values: 'A-B',
        meaning: 'the two tracers, such as 1-2',
        required: true,
      },
      lasting,
      at,
      seed,
    ],
    example: 'link-partition:link=1-2,duration=1s,at=rendezvous:50',
    positiveControl: 'with --policy paper a healthy replica is flagged; agreed: nobody is',
  },
  {
    name: 'cpu-quota',
    summary: 'The container of one tracer gets a share of one CPU for a time.',
    parameters: [
      onContainer,
      { name: 'percent', values: '1 to 100', meaning: 'of one CPU', required: true },
      lasting,
      at,
      seed,
    ],
    example: 'cpu-quota:replica=2,percent=5,duration=1s,at=rendezvous:50',
    positiveControl: 'a small share: the run takes longer, or the replica is late-flagged',
  },
  {
    name: 'memory-limit',
    summary:
      "The memory limit of one tracer's container is lowered and reached: the kernel kills what is inside.",
    parameters: [onContainer, at, seed],
    example: 'memory-limit:replica=1,at=rendezvous:50',
    positiveControl: 'the kernel kills the session process, and the replica is flagged',
  },
];

export function faultKind(name: string): FaultKind | undefined {
  return faultKinds.find((kind) => kind.name === name);
}
