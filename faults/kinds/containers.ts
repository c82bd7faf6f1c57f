/** Faults of the container of one tracer, or of its networks (`--hosts docker`). */
import { defineKind } from './define.ts';
import { linkPartition } from './links.ts';
import { duration, replica, required, whole } from './parameters.ts';

const onReplica = required(replica, "whose tracer's container");
const lasting = required(duration, 'after which all is as before');
const ofContainer = {
  target: (values: { replica: number }): string => `container:${values.replica}`,
  faulty: (values: { replica: number }): number => values.replica,
  bound: 'absent-vote',
  inContainers: true,
} as const;
const must = { flag: () => 'must' as const };
const may = { flag: () => 'may' as const };

export const containerKill = defineKind({
  name: 'container-kill',
  title: 'container killed',
  summary: 'The container of one tracer, its replica inside, is killed (docker kill).',
  parameters: { replica: onReplica },
  example: 'container-kill:replica=2,at=rendezvous:50',
  positiveControl: 'the container is gone, and the replica is flagged',
  ...ofContainer,
  ...must,
});

export const containerRestart = defineKind({
  name: 'container-restart',
  title: 'container restarted',
  summary: 'The container of one tracer is restarted; a replica never comes back in its session.',
  parameters: { replica: onReplica },
  example: 'container-restart:replica=2,at=rendezvous:50',
  positiveControl: 'the container has another start time, and the replica is flagged',
  ...ofContainer,
  ...must,
});

export const containerPause = defineKind({
  name: 'container-pause',
  title: 'container paused',
  summary: 'All processes of the container of one tracer are frozen, and thawed after a time.',
  parameters: { replica: onReplica, duration: lasting },
  example: 'container-pause:replica=3,duration=500ms,at=rendezvous:50',
  positiveControl: 'a pause beyond the time-out: the replica is late-flagged',
  finiteDelay: true,
  ...ofContainer,
  ...may,
});

export const networkDisconnect = defineKind({
  name: 'network-disconnect',
  title: 'network disconnected',
  summary:
    'The container of one tracer is taken off all its networks, and connected again after a time.',
  parameters: { replica: onReplica, duration: lasting },
  example: 'network-disconnect:replica=1,duration=2s,at=rendezvous:50',
  positiveControl: 'a disconnection beyond the time-out: the replica is flagged',
  ...ofContainer,
  ...may,
});

export const cpuQuota = defineKind({
  name: 'cpu-quota',
  title: 'CPU quota',
  summary: 'The container of one tracer gets a share of one CPU for a time.',
  parameters: {
    replica: onReplica,
    percent: required(whole(1, 100), 'of one CPU'),
    duration: lasting,
  },
  example: 'cpu-quota:replica=2,percent=5,duration=1s,at=rendezvous:50',
  positiveControl: 'a small share: the run takes longer, or the replica is late-flagged',
  finiteDelay: true,
  ...ofContainer,
  ...may,
});

export const memoryLimit = defineKind({
  name: 'memory-limit',
  title: 'memory limit hit',
  summary:
    "The memory limit of one tracer's container is lowered and reached: the kernel kills what is inside.",
  parameters: { replica: onReplica },
  example: 'memory-limit:replica=1,at=rendezvous:50',
  positiveControl: 'the kernel kills the session process, and the replica is flagged',
  ...ofContainer,
  ...must,
});

export const containerKinds = [
  containerKill,
  containerRestart,
  containerPause,
  networkDisconnect,
  linkPartition,
  cpuQuota,
  memoryLimit,
] as const;
