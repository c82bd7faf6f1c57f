/** What injectors share: the ports they wrap, and the log they write. */
import type { SessionPorts } from '../../tmr/tracer/session/session-ports.ts';
import type { FaultEvent, WriteEvent } from '../event-log.ts';

export interface InjectorContext {
  /** The replica of this session process. */
  replica: number;
  write: WriteEvent;
  /** CLOCK_MONOTONIC, ns. */
  monotonicNs: () => number;
}

/** Wraps the ports so that one fault strikes; leaves them as they are when this is not its process. */
export type Injector<Fault> = (
  ports: SessionPorts,
  fault: Fault,
  context: InjectorContext,
) => SessionPorts;

type Stamped<Event> = Event extends unknown ? Omit<Event, 'replica' | 'tNs'> : never;

/** Logs an event with this process's replica and the time of the call. */
export function log(context: InjectorContext, event: Stamped<FaultEvent>): void {
  const tNs = context.monotonicNs();
  context.write({ ...event, replica: context.replica, tNs });
}

export function isTarget(
  context: InjectorContext,
  target: { replica: number } | { from: number } | { accuser: number },
): boolean {
  if ('replica' in target) return target.replica === context.replica;
  return ('from' in target ? target.from : target.accuser) === context.replica;
}
