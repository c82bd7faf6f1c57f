/** Readers of option values. Each error says what was expected, what came, and what to write. */
import { didYouMean } from '../../faults/did-you-mean.ts';
import { UsageError } from './usage-error.ts';

const unitsMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, min: 60_000 };

/** `100ms,1s,2.5s` as milliseconds, without duplicates, in the given order. */
export function parseDurations(text: string, option: string): number[] {
  const values = splitList(text, option).map((item) => {
    const match = /^(\d+(?:\.\d+)?)(ms|s|min|m)$/.exec(item);
    if (match === null) {
      throw new UsageError(
        `${option}: '${item}' is no duration; write a number and ms, s or min, e.g. 250ms,1s`,
      );
    }
    return Number(match[1]) * unitsMs[match[2]!]!;
  });
  return [...new Set(values)];
}

/** Names out of a fixed set, without duplicates, in the given order. `all` is every one. */
export function parseNames<T extends string>(
  text: string,
  option: string,
  known: readonly T[],
): T[] {
  if (text === 'all') return [...known];
  const names = splitList(text, option).map((item) => {
    const name = known.find((candidate) => candidate === item);
    if (name !== undefined) return name;
    throw new UsageError(
      `${option}: unknown name '${item}'.${didYouMean(item, known)} Known: ${known.join(', ')}`,
    );
  });
  return [...new Set(names)];
}

/** A whole number between `low` and `high`. */
export function parseInteger(text: string, option: string, low: number, high: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) {
    throw new UsageError(
      `${option}: expected a whole number from ${low} to ${high}, got '${text}'`,
    );
  }
  return value;
}

/** Whole numbers between `low` and `high`, without duplicates, in the given order. */
export function parseIntegers(text: string, option: string, low: number, high: number): number[] {
  return [...new Set(splitList(text, option).map((item) => parseInteger(item, option, low, high)))];
}

function splitList(text: string, option: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item === '')) {
    throw new UsageError(`${option}: empty item in '${text}'; separate items by single commas`);
  }
  return items;
}

/** 90 s as `1 min 30 s`; hours from 60 min on. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** 1536 as `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
