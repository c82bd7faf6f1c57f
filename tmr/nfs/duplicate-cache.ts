/**
 * Replies of plain clients' calls that must not run twice: a client that lost the connection sends
 * the call again over a new one. Calls run to their end at once here, so there is no call "in
 * progress".
 */
import type { Caller } from './permissions.ts';
import { encodeCaller, requestDigest } from './protocol/digest.ts';
import type { Call } from './protocol/rpc.ts';

const ENTRIES_MAX = 1024;
/** A client that counts its XIDs from the same start after a restart must get its own replies. */
const AGE_MAX_MS = 60_000;

export class DuplicateCache {
  readonly #entries = new Map<string, { record: Buffer; atMs: number }>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** `client`: address without the port, which a new connection changes. */
  reply(client: string, caller: Caller, call: Call, run: () => Buffer): Buffer {
    const { program, version, procedure, args } = call;
    const digest = requestDigest(encodeCaller(caller), program, version, procedure, args);
    const key = `${client} ${call.xid} ${digest.toString('latin1')}`;
    const now = this.#nowMs();
    const known = this.#entries.get(key);
    if (known !== undefined && now - known.atMs <= AGE_MAX_MS) return known.record;
    const record = run();
    this.#entries.delete(key);
    this.#entries.set(key, { record, atMs: now });
    if (this.#entries.size > ENTRIES_MAX) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    return record;
  }
}
