/** Which call of which stream a request is: carried in the AUTH_SYS machine name (R12). */

export interface CallIdentity {
  session: string;
  stream: number;
  /** Number of the RPC in its stream, from 1. The XID is its low 32 bits. */
  counter: number;
}

export function machineName(identity: CallIdentity): string {
  return `tmr/${identity.session}/${identity.stream}/${identity.counter}`;
}

/** Low 32 bits of the counter. */
export function xidOf(counter: number): number {
  return counter % 0x1_0000_0000;
}

const pattern = /^tmr\/([^/]{1,64})\/(0|[1-9][0-9]{0,9})\/([1-9][0-9]{0,15})$/;

/** Undefined when the name is not of that form. */
export function parseMachineName(text: string): CallIdentity | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, session, stream, counter] = match;
  const identity = { session: session ?? '', stream: Number(stream), counter: Number(counter) };
  return Number.isSafeInteger(identity.counter) ? identity : undefined;
}
