/** Durations as people write them: `50ms`, `5s`, `2m`, `1.5s`. */
import { DURATION_MAX_MS } from '../wire/session-plan.ts';
import { ConfigurationError } from './errors.ts';

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of a duration. A number without a unit is refused: 5 meant as seconds and taken as
 * milliseconds would flag healthy replicas. Throws ConfigurationError that names `option`.
 */
export function parseDurationMs(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  const unit = unitMs[match?.[2] ?? ''];
  if (match?.[1] !== undefined && unit !== undefined) {
    const ms = Number(match[1]) * unit;
    if (ms <= DURATION_MAX_MS) return ms;
    throw new ConfigurationError(`${option}: expected at most 24h, got ${text.trim()}`);
  }
  const hint = /^\d+(\.\d+)?$/.test(text.trim())
    ? ` (did you mean ${text.trim()}s or ${text.trim()}ms?)`
    : '';
  throw new ConfigurationError(
    `${option}: expected a duration with a unit such as 50ms, 5s or 2m, got '${text}'${hint}`,
  );
}

/** The shortest text of a duration: `5s`, `50ms`. */
export function formatMs(ms: number): string {
  return ms >= 1000 && ms % 100 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
