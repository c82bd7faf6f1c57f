/**
 * The harness's own log of what injectors did: one JSON line an event, each written by one write(2)
 * with O_APPEND (open(2)), so that three session processes share the file. The system under test
 * never reads it.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';
import * as z from 'zod';

const nanoseconds = z.number().nonnegative();

/** Written by the harness, from outside and by its own clock. */
const harness = z.literal(true).optional();
/** Which fault of the trial, from 0. */
const fault = z.int().min(0);

const eventSchema = z.discriminatedUnion('type', [
  /** The injector is about to act at rendezvous k. `victim`: the process that it kills or holds. */
  z.object({
    type: z.literal('injected'),
    replica: z.int(),
    fault,
    k: z.int(),
    tNs: nanoseconds,
    victim: z.object({ pid: z.int(), startTime: z.string() }).optional(),
    harness,
  }),
  /** What was read back afterwards. */
  z.object({
    type: z.literal('effective'),
    replica: z.int(),
    fault,
    k: z.int(),
    tNs: nanoseconds,
    effective: z.boolean(),
    detail: z.string(),
    harness,
  }),
  /** The fault became visible to the system under test: the vote went out, the notice was sent. */
  z.object({
    type: z.literal('activated'),
    replica: z.int(),
    fault,
    k: z.int(),
    tNs: nanoseconds,
    harness,
  }),
  /** A tracer sent a notice that no injector made. */
  z.object({
    type: z.literal('accused'),
    replica: z.int(),
    accused: z.int(),
    k: z.int(),
    tNs: nanoseconds,
    mechanism: z.string(),
  }),
  /** The first rendezvous that this tracer closed after it accused somebody: the program goes on. */
  z.object({ type: z.literal('resumed'), replica: z.int(), k: z.int(), tNs: nanoseconds }),
  /** The place of a fault that acts from outside is reached: the harness is to strike. */
  z.object({ type: z.literal('reached'), replica: z.int(), fault, k: z.int(), tNs: nanoseconds }),
  /** The injector itself failed. */
  z.object({
    type: z.literal('failed'),
    replica: z.int(),
    fault,
    k: z.int(),
    tNs: nanoseconds,
    error: z.string(),
    harness,
  }),
]);

/** Times are CLOCK_MONOTONIC nanoseconds; `replica` is the one whose session process writes. */
export type FaultEvent = z.infer<typeof eventSchema>;

const STDERR = 2;

export type WriteEvent = (event: FaultEvent) => void;

/** Lines of a container's stderr that are events, since a remote engine shares no file with us. */
const LINE = /^tmr-event (\S+) (\{.*\})$/;

/** Each event is a line `tmr-event TAG {...}` on stderr. */
export function openEventLines(tag: string): WriteEvent {
  return (event) => void writeSync(STDERR, `tmr-event ${tag} ${JSON.stringify(event)}\n`);
}

/**
 * Undefined for any other line, one that a kill cut off or garbled included: it comes in a stream's handler,
 * where a throw would end the campaign.
 */
export function parseEventLine(line: string): { tag: string; event: FaultEvent } | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const event = eventSchema.safeParse(dataOf(match[2] ?? ''));
  return event.success ? { tag: match[1] ?? '', event: event.data } : undefined;
}

function dataOf(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Opens the log for appending; the descriptor lives as long as the process. */
export function openEventLog(path: string): WriteEvent {
  const fd = openSync(path, 'a', 0o600);
  return (event) => void writeSync(fd, `${JSON.stringify(event)}\n`);
}

/** All events in the order of their writes. A last line that a kill cut off is left out. */
export function readEventLog(path: string): FaultEvent[] {
  const events: FaultEvent[] = [];
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  for (const line of lines) events.push(eventSchema.parse(JSON.parse(line)));
  return events;
}
