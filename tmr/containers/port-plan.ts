/** Which port of `--session-ports` each part publishes when there are several engines. */
import { parseSessionPorts } from '../monitor/addresses.ts';
import { ConfigurationError } from '../monitor/errors.ts';

export interface PortPlan {
  nfs: number;
  /** Of the tracer daemons, by replica. */
  daemons: number[];
  /** For each session that may run at once: the monitor's port, then the replicas'. */
  sessions: number[][];
}

const DEFAULT_FIRST_PORT = 41_000;

/** Throws ConfigurationError, also when the range is too small for so many sessions at once. */
export function planPorts(options: {
  replicas: number;
  /** Sessions at once. */
  jobs: number;
  /** Option --session-ports; `0`: a range of our own. */
  sessionPorts: string;
}): PortPlan {
  const { replicas, jobs, sessionPorts } = options;
  const perSession = replicas + 1;
  const count = 1 + replicas + jobs * perSession;
  const ours = `${DEFAULT_FIRST_PORT}-${DEFAULT_FIRST_PORT + count - 1}`;
  const text = sessionPorts === '0' ? ours : sessionPorts;
  const first = parseSessionPorts(text, 1)[0]!;
  const last = Number(text.split('-')[1] ?? first);
  if (first === 0 || last - first + 1 < count) {
    throw new ConfigurationError(
      `--session-ports: expected ${count} ports, such as ${ours}, got ${first === 0 ? 0 : last - first + 1} ` +
        `in '${text}': on several engines one for the NFS server, ${replicas} for tracers, and ${perSession} ` +
        `for each of ${jobs} sessions at once`,
    );
  }
  const from = (start: number, length: number): number[] =>
    Array.from({ length }, (_, index) => first + start + index);
  return {
    nfs: first,
    daemons: from(1, replicas),
    sessions: Array.from({ length: jobs }, (_, slot) =>
      from(1 + replicas + slot * perSession, perSession),
    ),
  };
}
