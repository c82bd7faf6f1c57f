/** Faults of the processes of a replica. */
import { defineKind } from './define.ts';
import { choice, durationOrRange, optional, replica, required } from './parameters.ts';
import { orProvoked, phase } from './phase.ts';

export const replicaKill = defineKind({
  name: 'replica-kill',
  title: 'kill',
  summary: 'SIGKILL to one replica, or to the tracer (session process) that holds it.',
  parameters: {
    replica: required(replica, 'which replica'),
    process: optional(choice('replica', 'tracer'), 'which of the two processes', 'replica'),
    phase,
    reaches: optional(
      choice('all', 'none', '1', '2', '3'),
      "process=tracer, phase=after-vote: whom the tracer's last vote still reaches",
      'all',
    ),
  },
  example: 'replica-kill:replica=2,process=tracer,at=rendezvous:50',
  positiveControl: 'one replica: the run ends with status 125',
  target: (values) => `${values.process}:${values.replica}`,
  faulty: (values) => values.replica,
  flag: () => 'must',
  bound: 'absent-vote',
  contradiction({ replica: target, process: which, phase: where, reaches }) {
    if (reaches === 'all') return undefined;
    if (which !== 'tracer' || where !== 'after-vote') {
      return `reaches: expected process=tracer,phase=after-vote with reaches=${reaches}`;
    }
    return reaches === String(target) ? `reaches: expected a peer of ${target}` : undefined;
  },
});

export const tracerDelay = defineKind({
  name: 'tracer-delay',
  title: 'tracer delay',
  summary: 'The tracer of one replica stands still once, and then goes on.',
  parameters: {
    replica: required(replica, 'whose tracer'),
    delay: required(
      durationOrRange,
      'how long; a range is drawn log-uniformly from the seed, in whole ms',
    ),
    phase,
  },
  example: 'tracer-delay:replica=3,delay=200ms,at=rendezvous:50',
  positiveControl: 'a delay above the time-out: the replica is late-flagged',
  target: (values) => `tracer:${values.replica}`,
  faulty: (values) => values.replica,
  flag: orProvoked('may'),
  bound: 'absent-vote',
  finiteDelay: true,
});

export const replicaDelay = defineKind({
  name: 'replica-delay',
  title: 'replica delay',
  summary:
    'One replica comes later to a call, as if it computed for longer; its tracer answers the others meanwhile.',
  parameters: {
    replica: required(replica, 'which replica'),
    delay: required(
      durationOrRange,
      'how long; a range is drawn log-uniformly from the seed, in whole ms',
    ),
  },
  example: 'replica-delay:replica=3,delay=200ms,at=rendezvous:50',
  positiveControl: 'a delay above the time-out: the replica is late-flagged',
  target: (values) => `replica:${values.replica}`,
  faulty: (values) => values.replica,
  flag: () => 'may',
  bound: 'absent-vote',
  finiteDelay: true,
});

export const processKinds = [replicaKill, tracerDelay, replicaDelay] as const;
