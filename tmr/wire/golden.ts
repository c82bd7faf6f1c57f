/**
 * One example of every frame, for tests and docs/wire.md: the page shows the bytes of these, and a
 * test compares them with what the codecs give.
 */
import type { PeerMessage, Vote } from '../core/types.ts';
import type { FromDaemon, ToDaemon } from './control-codec.ts';
import type { FromMonitor, ToMonitor } from './messages.ts';

/** A boot id and a time namespace. */
const goldenClockId = '01234567-89ab-cdef-0123-456789abcdef/time:[4026531834]';

const vote: Vote = {
  stream: 0,
  k: 120,
  call: 1,
  sigHi: 0x01234567,
  sigLo: 0x89abcdef,
  inputs: { elapsedNs: 1.5e9, marks: 0 },
  direct: 0b110,
  seal: 0x2_3456_789a_bcde,
};

export const goldenPeerMessages: Record<PeerMessage['type'], PeerMessage> = {
  vote: { type: 'vote', vote },
  relay: { type: 'relay', origin: 3, vote },
  view: {
    type: 'view',
    stream: 0,
    k: 120,
    entries: [
      { replica: 1, state: 'vote', vote },
      { replica: 2, state: 'missing' },
      { replica: 3, state: 'down' },
    ],
  },
  ask: { type: 'ask', stream: 0, k: 120, missing: 0b100 },
  down: { type: 'down', reason: 'killed by signal 9' },
  done: { type: 'done' },
  ping: { type: 'ping' },
  pong: { type: 'pong' },
};

export const goldenToMonitor: Record<ToMonitor['type'], ToMonitor> = {
  ready: { type: 'ready', pid: 4711, address: { host: '127.0.0.1', port: 40001 } },
  started: {
    type: 'started',
    replicaPid: 4712,
    files: [{ path: '/usr/bin/true', sha256: 'ab'.repeat(32) }],
  },
  slot: { type: 'slot', n: 1, op: { type: 'output', fd: 1, bytes: Buffer.from('hi\n') } },
  flag: {
    type: 'flag',
    accused: 2,
    stream: 0,
    k: 120,
    mechanism: 'time-out',
    tFirstSuspicionNs: 5e12,
    tSecondArrivalNs: 4.95e12,
  },
  fenced: { type: 'fenced', reason: 'outvoted' },
  down: { type: 'down', reason: 'killed by signal 9' },
  lost: { type: 'lost', party: 'nfs' },
  stopped: { type: 'stopped', reason: 'votes differ in duplex' },
  refused: { type: 'refused', kind: 'path', what: '/etc/x', errno: 'EROFS', fatal: false },
  statistics: {
    type: 'statistics',
    json: {
      rendezvous: 121,
      skewMaxNs: 200000,
      burstMaxNs: 900000,
      linkSuspects: [],
      calls: { write: 1 },
      tsc: 'trap',
      placement: 'pair',
      tracerPauseMaxNs: 100000,
    },
  },
  progress: { type: 'progress', rendezvous: 100, members: 3 },
  ping: { type: 'ping' },
  disposition: { type: 'disposition', signal: 2, kind: 'default' },
};

export const goldenFromMonitor: Record<FromMonitor['type'], FromMonitor> = {
  peers: {
    type: 'peers',
    peers: [
      { replica: 1, address: { host: '127.0.0.1', port: 40001 } },
      { replica: 3, address: { host: '127.0.0.1', port: 40003 } },
    ],
  },
  'slot-reply': { type: 'slot-reply', n: 1, result: -32, bytes: Buffer.alloc(0) },
  signal: { type: 'signal', signal: 2 },
  suspend: { type: 'suspend' },
  resume: { type: 'resume' },
  flagged: { type: 'flagged', accused: 2 },
  end: { type: 'end', reason: 'completed' },
  pong: { type: 'pong' },
  go: { type: 'go' },
};

export const goldenToDaemon: Partial<Record<ToDaemon['type'], ToDaemon>> = {
  stop: { type: 'stop', session: '0123456789abcdef' },
  status: { type: 'status' },
  clock: { type: 'clock' },
};

export const goldenFromDaemon: Partial<Record<FromDaemon['type'], FromDaemon>> = {
  starting: { type: 'starting', pid: 4711, trapsTsc: true },
  refused: { type: 'refused', code: 'busy', reason: '8 of 8 sessions are running' },
  ended: { type: 'ended', session: '0123456789abcdef', code: 0, signal: null },
  clock: { type: 'clock', tNs: 5e12, clockId: goldenClockId },
};
