/** Keys of the seals of relayed votes (R4): one for each pair of tracers, which nobody else gets. */
import { randomBytes } from 'node:crypto';

const KEY_BYTES = 4;

/** `[i][j]`: what tracer i + 1 shares with tracer j + 1, an unsigned 32-bit number; 0 with itself. */
export function drawSealKeys(replicas: number): number[][] {
  const keys = Array.from({ length: replicas }, () => Array.from({ length: replicas }, () => 0));
  for (let i = 0; i < replicas; i++) {
    for (let j = 0; j < i; j++) {
      const key = randomBytes(KEY_BYTES).readUInt32BE();
      keys[i]![j] = key;
      keys[j]![i] = key;
    }
  }
  return keys;
}
