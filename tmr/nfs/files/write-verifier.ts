/** The write verifier: tells clients that unstable writes may be lost (RFC 1813 3.3.7). */
import { randomBytes } from 'node:crypto';
import { VERIFIER_BYTES } from '../protocol/constants.ts';

export class WriteVerifier {
  /** The same while the server runs, another after a restart. */
  value: Buffer = randomBytes(VERIFIER_BYTES);

  /** Data may be lost although the server runs on: a flush failed. */
  renew(): void {
    this.value = randomBytes(VERIFIER_BYTES);
  }
}
