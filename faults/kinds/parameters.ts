/**
 * The types of a fault's parameters: each reads and writes its text, checks its data, and draws what
 * is left open. Short text, JSON, help, plans and records all go through these.
 */
import * as z from 'zod';
import type { Draw } from '../draw.ts';

/** The core is written for up to 7 replicas. */
export const REPLICA_MAX = 7;
/** Bits of a signature. */
export const SIGNATURE_BITS = 64;
export const DURATION_MAX_MS = 3_600_000;

/** `Given` may leave something open; `Drawn` leaves nothing. */
export interface ParameterType<Given, Drawn = Given> {
  /** The values it takes, with their unit, as help shows them. */
  values: string;
  schema: z.ZodType<Given>;
  /** Undefined for what is no value of it. */
  read(text: string): Given | undefined;
  write(value: Given | Drawn): string;
  isOpen(value: Given | Drawn): boolean;
  draw(value: Given, source: Draw): Drawn;
}

export interface Parameter<Given, Drawn = Given> {
  type: ParameterType<Given, Drawn>;
  meaning: string;
  /** What holds when it is not given; without it the parameter is required. */
  absent?: Given;
}

export function required<Given, Drawn>(
  type: ParameterType<Given, Drawn>,
  meaning: string,
): Parameter<Given, Drawn> {
  return { type, meaning };
}

export function optional<Given, Drawn>(
  type: ParameterType<Given, Drawn>,
  meaning: string,
  absent: NoInfer<Given>,
): Parameter<Given, Drawn> {
  return { type, meaning, absent };
}

/** Nothing of it is ever left open. */
function closed<Value>(
  type: Pick<ParameterType<Value>, 'values' | 'schema' | 'read' | 'write'>,
): ParameterType<Value> {
  return { ...type, isOpen: () => false, draw: (value) => value };
}

/** Text that `schema` accepts once `read` has made data of it. */
function checked<Value>(
  values: string,
  schema: z.ZodType<Value>,
  read: (text: string) => unknown,
  write: (value: Value) => string = String,
): ParameterType<Value> {
  const parse = (text: string): Value | undefined => schema.safeParse(read(text)).data;
  return closed({ values, schema, read: parse, write });
}

export function whole(min: number, max: number, values = `${min} to ${max}`) {
  return checked(values, z.int().min(min).max(max), wholeNumber);
}

export const replica = whole(1, REPLICA_MAX, '1, 2, 3');

/** One direction of the connection between two tracers. */
export interface Link {
  from: number;
  to: number;
}

const end = z.int().min(1).max(REPLICA_MAX);
const ends = z
  .strictObject({ from: end, to: end })
  .refine(({ from, to }) => from !== to, 'a link joins two tracers');

export const link = checked<Link>('A-B, such as 1-2', ends, readLink, writeLink);

/** Both directions. */
export const pair = checked<Link>(
  'A-B, such as 1-2, the smaller number first',
  ends.refine(({ from, to }) => from < to, 'the smaller number first'),
  readLink,
  writeLink,
);

export function choice<const Choices extends readonly [string, ...string[]]>(...choices: Choices) {
  return checked<Choices[number]>(choices.join(' | '), z.enum(choices), (text) => text);
}

/** Milliseconds. */
export const duration = checked<number>(
  'a duration (200ms, 2s)',
  z.int().min(1).max(DURATION_MAX_MS),
  milliseconds,
  writeMs,
);

/** Milliseconds, also backwards. */
export const offset = checked<number>(
  'a duration, also a negative one (5s, -200ms)',
  z
    .int()
    .min(-DURATION_MAX_MS)
    .max(DURATION_MAX_MS)
    .refine((ms) => ms !== 0),
  (text) => (text.startsWith('-') ? -milliseconds(text.slice(1)) : milliseconds(text)),
  (ms) => (ms < 0 ? `-${writeMs(-ms)}` : writeMs(ms)),
);

export interface MsRange {
  fromMs: number;
  toMs: number;
}

const ms = z.int().min(1).max(DURATION_MAX_MS);
const range = z
  .strictObject({ fromMs: ms, toMs: ms })
  .refine(({ fromMs, toMs }) => fromMs <= toMs, 'a range that goes up');

/** Milliseconds; a range is drawn log-uniformly, since delays span orders of magnitude. */
export const durationOrRange: ParameterType<number | MsRange, number> = {
  values: 'a duration (200ms, 2s) | FROM..TO',
  schema: z.union([ms, range]),
  read(text) {
    const [from = '', to] = text.split('..');
    const value =
      to === undefined
        ? milliseconds(from)
        : { fromMs: milliseconds(from), toMs: milliseconds(to) };
    return this.schema.safeParse(value).data;
  },
  write: (value) =>
    typeof value === 'number' ? writeMs(value) : `${writeMs(value.fromMs)}..${writeMs(value.toMs)}`,
  isOpen: (value) => typeof value === 'object',
  draw: (value, source) =>
    typeof value === 'number' ? value : source.logUniform(value.fromMs, value.toMs),
};

/** A bit, 0 the least significant. */
export function bitOf(bits: number): ParameterType<number | 'drawn', number> {
  const number = z
    .int()
    .min(0)
    .max(bits - 1);
  return {
    values: `0 to ${bits - 1} | drawn`,
    schema: z.union([number, z.literal('drawn')]),
    read: (text) => (text === 'drawn' ? text : number.safeParse(wholeNumber(text)).data),
    write: String,
    isOpen: (value) => value === 'drawn',
    draw: (value, source) => (value === 'drawn' ? source.whole(0, bits - 1) : value),
  };
}

/** An address in a replica's memory, below 2^48 as all of user space. */
export const address = checked<string>(
  'a hexadecimal address (0x4c5310)',
  z.string().regex(/^0x[0-9a-f]{1,12}$/, 'expected a hexadecimal address such as 0x4c5310'),
  (text) => text.toLowerCase(),
);

/** Undefined unless `text` is a whole number. */
export function wholeNumber(text: string): number | undefined {
  const number = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : undefined;
}

function readLink(text: string): Link | undefined {
  const match = /^(\d+)-(\d+)$/.exec(text);
  return match === null ? undefined : { from: Number(match[1]), to: Number(match[2]) };
}

function writeLink({ from, to }: Link): string {
  return `${from}-${to}`;
}

/** NaN for what is no duration. */
function milliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  const unitMs = { ms: 1, s: 1000, m: 60_000 }[match?.[2] ?? ''] ?? NaN;
  return Math.round(Number(match?.[1]) * unitMs);
}

function writeMs(value: number): string {
  return value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`;
}
