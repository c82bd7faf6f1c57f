/**
 * Frames between a session process and the monitor as XDR: a type number, then the fields. Both
 * directions have numbers of their own. Nothing is checked here beyond shape and bounds.
 */
import type { Mechanism } from '../core/types.ts';
import type { FileDigest } from './file-digest.ts';
import { FRAME_MAX } from './frame.ts';
import type { FromMonitor, SessionStatistics, ToMonitor } from './messages.ts';
import { decodeSlotOp, encodeSlotOp } from './slot-codec.ts';
import { Enumeration, readHyper, readJson, writeHyper, writeJson } from './union.ts';
import { XdrError, XdrReader } from './xdr.ts';
import type { XdrWriter } from './xdr.ts';

export const toMonitorFrame = {
  ready: 1,
  started: 2,
  slot: 3,
  flag: 4,
  fenced: 5,
  down: 6,
  lost: 7,
  stopped: 8,
  refused: 9,
  statistics: 10,
  progress: 11,
  ping: 12,
  disposition: 13,
} as const;

export const fromMonitorFrame = {
  peers: 65,
  'slot-reply': 66,
  signal: 67,
  suspend: 68,
  resume: 69,
  flagged: 70,
  end: 71,
  pong: 72,
  go: 73,
} as const;

/** Bounds of text items, bytes. */
const TEXT_MAX = 4096;
const HOST_MAX = 256;
const STATISTICS_MAX = 256 * 1024;
const PEERS_MAX = 32;
const FILES_MAX = 1024;
const SHA256_BYTES = 32;

/** Numbers of the mechanisms on the wire; the NFS server's FLAG uses the same. */
export const mechanismNumber = new Enumeration<Mechanism>('mechanism', [
  'signature',
  'call-number',
  'time-out',
  'connection-closed',
  'replica-dead',
  'file-digest',
  'output-digest',
]);

const disposition = new Enumeration('disposition of a signal', ['default', 'ignored', 'caught']);

/**
 * The bytes of a slot's operation in a frame's body, without type and number: what the vote on
 * slots compares (R13).
 */
export function slotOpBytes(body: Buffer): Buffer {
  return body.subarray(12);
}

/** Writes the body of a frame to the monitor; the caller frames it (`encodeFrame`). */
export function encodeToMonitor(writer: XdrWriter, message: ToMonitor): void {
  writer.u32(toMonitorFrame[message.type]);
  switch (message.type) {
    case 'ready':
      writer.u32(message.pid).string(message.address.host).u32(message.address.port);
      break;
    case 'started':
      writer.u32(message.replicaPid).u32(message.files.length);
      for (const { path, sha256 } of message.files) {
        writer.string(path).fixed(Buffer.from(sha256, 'hex'));
      }
      break;
    case 'slot':
      writer.u64(message.n);
      encodeSlotOp(writer, message.op);
      break;
    case 'flag':
      writer.u32(message.accused).u32(message.stream).u64(message.k);
      writer.u32(mechanismNumber.number(message.mechanism));
      writer.double(message.tFirstSuspicionNs).double(message.tSecondArrivalNs);
      break;
    case 'fenced':
    case 'down':
    case 'stopped':
      writer.string(clip(message.reason));
      break;
    case 'refused':
      writer
        .bool(message.kind === 'path')
        .string(clip(message.what))
        .string(message.errno);
      writer.bool(message.fatal);
      break;
    case 'statistics':
      writeJson(writer, message.json);
      break;
    case 'progress':
      writer.u64(message.rendezvous).u32(message.members);
      break;
    case 'disposition':
      writer.u32(message.signal).u32(disposition.number(message.kind));
      break;
    case 'lost':
    case 'ping':
      break;
  }
}

/** The message in a frame's body. Throws XdrError on anything else than one whole message. */
export function decodeToMonitor(body: Buffer): ToMonitor {
  const reader = new XdrReader(body);
  const message = readToMonitor(reader);
  reader.end();
  return message;
}

function readToMonitor(reader: XdrReader): ToMonitor {
  const type = reader.u32();
  switch (type) {
    case toMonitorFrame.ready:
      return { type: 'ready', pid: reader.u32(), address: readAddress(reader) };
    case toMonitorFrame.started:
      return { type: 'started', replicaPid: reader.u32(), files: readFiles(reader) };
    case toMonitorFrame.slot:
      return { type: 'slot', n: reader.u64(), op: decodeSlotOp(reader) };
    case toMonitorFrame.flag:
      return {
        type: 'flag',
        accused: reader.u32(),
        stream: reader.u32(),
        k: reader.u64(),
        mechanism: mechanismNumber.name(reader.u32()),
        tFirstSuspicionNs: reader.double(),
        tSecondArrivalNs: reader.double(),
      };
    case toMonitorFrame.fenced:
      return { type: 'fenced', reason: reader.string(TEXT_MAX) };
    case toMonitorFrame.down:
      return { type: 'down', reason: reader.string(TEXT_MAX) };
    case toMonitorFrame.lost:
      return { type: 'lost', party: 'nfs' };
    case toMonitorFrame.stopped:
      return { type: 'stopped', reason: reader.string(TEXT_MAX) };
    case toMonitorFrame.refused:
      return {
        type: 'refused',
        kind: reader.bool() ? 'path' : 'call',
        what: reader.string(TEXT_MAX * 4),
        errno: reader.string(32),
        fatal: reader.bool(),
      };
    case toMonitorFrame.statistics:
      return { type: 'statistics', json: readStatistics(reader) };
    case toMonitorFrame.progress:
      return { type: 'progress', rendezvous: reader.u64(), members: reader.u32() };
    case toMonitorFrame.ping:
      return { type: 'ping' };
    case toMonitorFrame.disposition:
      return {
        type: 'disposition',
        signal: reader.u32(),
        kind: disposition.name(reader.u32()),
      };
    default:
      throw new XdrError(`expected a frame to the monitor (1 to 13), got type ${type}`);
  }
}

/** Writes the body of a frame from the monitor. */
export function encodeFromMonitor(writer: XdrWriter, message: FromMonitor): void {
  writer.u32(fromMonitorFrame[message.type]);
  switch (message.type) {
    case 'peers':
      writer.u32(message.peers.length);
      for (const { replica, address } of message.peers) {
        writer.u32(replica).string(address.host).u32(address.port);
      }
      break;
    case 'slot-reply':
      writer.u64(message.n);
      writeHyper(writer, message.result);
      writer.opaque(message.bytes);
      break;
    case 'signal':
      writer.u32(message.signal);
      break;
    case 'flagged':
      writer.u32(message.accused);
      break;
    case 'end':
      writer.string(clip(message.reason));
      break;
    case 'go':
    case 'suspend':
    case 'resume':
    case 'pong':
      break;
  }
}

/** The message in a frame's body; `bytes` of a slot reply is a view on it. */
export function decodeFromMonitor(body: Buffer): FromMonitor {
  const reader = new XdrReader(body);
  const message = readFromMonitor(reader);
  reader.end();
  return message;
}

function readFromMonitor(reader: XdrReader): FromMonitor {
  const type = reader.u32();
  switch (type) {
    case fromMonitorFrame.peers:
      return readPeers(reader);
    case fromMonitorFrame['slot-reply']:
      return {
        type: 'slot-reply',
        n: reader.u64(),
        result: readHyper(reader),
        bytes: reader.opaque(FRAME_MAX),
      };
    case fromMonitorFrame.signal:
      return { type: 'signal', signal: reader.u32() };
    case fromMonitorFrame.suspend:
      return { type: 'suspend' };
    case fromMonitorFrame.resume:
      return { type: 'resume' };
    case fromMonitorFrame.flagged:
      return { type: 'flagged', accused: reader.u32() };
    case fromMonitorFrame.end:
      return { type: 'end', reason: reader.string(TEXT_MAX) };
    case fromMonitorFrame.pong:
      return { type: 'pong' };
    case fromMonitorFrame.go:
      return { type: 'go' };
    default:
      throw new XdrError(`expected a frame from the monitor (65 to 73), got type ${type}`);
  }
}

function readPeers(reader: XdrReader): FromMonitor {
  const count = reader.u32();
  if (count > PEERS_MAX) throw new XdrError(`expected at most ${PEERS_MAX} peers, got ${count}`);
  const peers: Extract<FromMonitor, { type: 'peers' }>['peers'] = [];
  for (let i = 0; i < count; i++) {
    peers.push({ replica: reader.u32(), address: readAddress(reader) });
  }
  return { type: 'peers', peers };
}

function readFiles(reader: XdrReader): FileDigest[] {
  const count = reader.u32();
  if (count > FILES_MAX) throw new XdrError(`expected at most ${FILES_MAX} files, got ${count}`);
  const files: FileDigest[] = [];
  for (let i = 0; i < count; i++) {
    const path = reader.string(TEXT_MAX);
    files.push({ path, sha256: Buffer.from(reader.fixed(SHA256_BYTES)).toString('hex') });
  }
  return files;
}

function readAddress(reader: XdrReader): { host: string; port: number } {
  const host = reader.string(HOST_MAX);
  const port = reader.u32();
  if (port > 65535) throw new XdrError(`expected a port in 0..65535, got ${port}`);
  return { host, port };
}

/** Nothing is decided by the figures, but the report that they go into has a schema. */
function readStatistics(reader: XdrReader): SessionStatistics {
  const json = jsonObject(readJson(reader, STATISTICS_MAX), 'statistics of a session');
  const { linkSuspects, tsc, placement } = json;
  if (!Array.isArray(linkSuspects) || linkSuspects.length > PEERS_MAX) {
    throw new XdrError(`expected a list of at most ${PEERS_MAX} link suspects`);
  }
  if (tsc !== 'trap' && tsc !== 'native') throw new XdrError('expected tsc as trap or native');
  if (typeof placement !== 'string') throw new XdrError('expected placement as text');
  const calls = jsonObject(json['calls'], 'calls');
  return {
    rendezvous: figure(json, 'rendezvous'),
    skewMaxNs: figure(json, 'skewMaxNs'),
    burstMaxNs: figure(json, 'burstMaxNs'),
    linkSuspects: linkSuspects.map((each: unknown) => {
      const suspect = jsonObject(each, 'a link suspect');
      return {
        from: figure(suspect, 'from'),
        to: figure(suspect, 'to'),
        count: figure(suspect, 'count'),
      };
    }),
    calls: Object.fromEntries(Object.keys(calls).map((name) => [name, figure(calls, name)])),
    tsc,
    placement,
    tracerPauseMaxNs: figure(json, 'tracerPauseMaxNs'),
  };
}

function jsonObject(json: unknown, what: string): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    return json as Record<string, unknown>;
  }
  throw new XdrError(`expected ${what} as a JSON object`);
}

/** A count, or a time in ns. */
function figure(json: Record<string, unknown>, name: string): number {
  const value = json[name];
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new XdrError(`expected ${name} as an integer in 0..2^53-1`);
}

function clip(text: string): string {
  return text.slice(0, TEXT_MAX / 4);
}
