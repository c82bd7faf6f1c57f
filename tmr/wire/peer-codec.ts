/**
 * Messages between tracers (protocol.md 2) as XDR: a type number, then the fields. A vote is 48
 * bytes, fixed, because one goes each way at every rendezvous.
 */
import type { EntryState, PeerMessage, ReplicaId, ViewEntry, Vote } from '../core/types.ts';
import { Enumeration } from './union.ts';
import { XdrError, XdrReader } from './xdr.ts';
import type { XdrWriter } from './xdr.ts';

/** Type numbers; far from those of the monitor's frames, so that a mix-up is noticed. */
export const peerFrame = {
  vote: 129,
  relay: 130,
  view: 131,
  ask: 132,
  down: 133,
  done: 134,
  ping: 135,
  pong: 136,
} as const;

/** Longest reason in a frame, bytes. */
const REASON_MAX = 1024;
/** Most entries in a VIEW: more replicas than any session has. */
const ENTRIES_MAX = 32;

const entryState = new Enumeration<EntryState>('state of a view entry', [
  'open',
  'vote',
  'missing',
  'down',
]);

/** Writes the body of a frame; the caller frames it (`encodeFrame`). */
export function encodePeerMessage(writer: XdrWriter, message: PeerMessage): void {
  writer.u32(peerFrame[message.type]);
  switch (message.type) {
    case 'vote':
      writeVote(writer, message.vote);
      break;
    case 'relay':
      writer.u32(message.origin);
      writeVote(writer, message.vote);
      break;
    case 'view':
      writer.u32(message.stream).u64(message.k).u32(message.entries.length);
      for (const entry of message.entries) writeEntry(writer, entry);
      break;
    case 'ask':
      writer.u32(message.stream).u64(message.k).u32(message.missing);
      break;
    case 'down':
      writer.string(clip(message.reason));
      break;
    case 'done':
    case 'ping':
    case 'pong':
      break;
  }
}

/** The message in a frame's body. Throws XdrError on anything else than one whole message. */
export function decodePeerMessage(body: Buffer): PeerMessage {
  const reader = new XdrReader(body);
  const message = readMessage(reader);
  reader.end();
  return message;
}

function readMessage(reader: XdrReader): PeerMessage {
  const type = reader.u32();
  switch (type) {
    case peerFrame.vote:
      return { type: 'vote', vote: readVote(reader) };
    case peerFrame.relay:
      return { type: 'relay', origin: readReplica(reader), vote: readVote(reader) };
    case peerFrame.view:
      return readView(reader);
    case peerFrame.ask:
      return { type: 'ask', stream: reader.u32(), k: reader.u64(), missing: reader.u32() };
    case peerFrame.down:
      return { type: 'down', reason: reader.string(REASON_MAX) };
    case peerFrame.done:
      return { type: 'done' };
    case peerFrame.ping:
      return { type: 'ping' };
    case peerFrame.pong:
      return { type: 'pong' };
    default:
      throw new XdrError(`expected a frame between tracers (129 to 136), got type ${type}`);
  }
}

/** A vote's 48 bytes. */
export function writeVote(writer: XdrWriter, vote: Vote): void {
  writer.u32(vote.stream).u64(vote.k).i32(vote.call).u32(vote.sigHi).u32(vote.sigLo);
  writer.double(vote.inputs.elapsedNs).u32(vote.inputs.marks).u32(vote.direct);
  writer.u64(vote.seal);
}

export function readVote(reader: XdrReader): Vote {
  const stream = reader.u32();
  const k = reader.u64();
  const call = reader.i32();
  const sigHi = reader.u32();
  const sigLo = reader.u32();
  const elapsedNs = reader.double();
  if (!Number.isSafeInteger(elapsedNs)) {
    throw new XdrError(`expected whole nanoseconds as elapsed time of a vote, got ${elapsedNs}`);
  }
  const marks = reader.u32();
  const direct = reader.u32();
  const seal = reader.u64();
  return { stream, k, call, sigHi, sigLo, inputs: { elapsedNs, marks }, direct, seal };
}

function writeEntry(writer: XdrWriter, entry: ViewEntry): void {
  writer.u32(entry.replica).u32(entryState.number(entry.state));
  if (entry.state !== 'vote') return;
  if (entry.vote === undefined) throw new XdrError('expected a vote in an entry of state vote');
  writeVote(writer, entry.vote);
}

function readView(reader: XdrReader): PeerMessage {
  const stream = reader.u32();
  const k = reader.u64();
  const count = reader.u32();
  if (count > ENTRIES_MAX) {
    throw new XdrError(`expected at most ${ENTRIES_MAX} entries in a view, got ${count}`);
  }
  const entries: ViewEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(readEntry(reader));
  return { type: 'view', stream, k, entries };
}

function readEntry(reader: XdrReader): ViewEntry {
  const replica = readReplica(reader);
  const state = entryState.name(reader.u32());
  return state === 'vote' ? { replica, state, vote: readVote(reader) } : { replica, state };
}

function readReplica(reader: XdrReader): ReplicaId {
  const replica = reader.u32();
  if (replica < 1 || replica > ENTRIES_MAX) {
    throw new XdrError(`expected a replica number in 1..${ENTRIES_MAX}, got ${replica}`);
  }
  return replica;
}

function clip(reason: string): string {
  return reason.slice(0, REASON_MAX / 4);
}
