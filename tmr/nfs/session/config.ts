/** The configuration that a monitor opens a session with, checked. */
import * as z from 'zod';
import type { SessionConfig } from '../protocol/private-program.ts';

const volume = z.object({
  subtree: z.string().min(1).max(4096),
  path: z
    .string()
    .max(4096)
    .regex(/^\/([^/]+(\/[^/]+)*)?$/, 'expected an absolute path without "//" or a "/" at its end'),
  access: z.enum(['rw', 'ro']),
  consistency: z.enum(['session', 'close-to-open']),
});

const config = z.object({
  replicas: z.number().int().min(1).max(7),
  policy: z.enum(['agreed', 'paper']),
  detect: z.enum(['any', 'timeout-only']),
  volumes: z.array(volume).max(64),
});

export class ConfigError extends Error {
  readonly code = 'SESSION_CONFIG';
}

/** Throws ConfigError that names what was expected. */
export function parseSessionConfig(json: Buffer): SessionConfig {
  let value: unknown;
  try {
    value = JSON.parse(json.toString('utf8'));
  } catch {
    throw new ConfigError('expected the session configuration as JSON in HELLO step 2');
  }
  const parsed = config.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new ConfigError(`session configuration, ${where || 'top level'}: ${issue?.message ?? ''}`);
}
