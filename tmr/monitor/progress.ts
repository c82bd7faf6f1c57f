/** `--progress`: calls a second and membership on stderr; one rewritten line on a terminal. */
import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { MonitorSession } from './session.ts';

const PERIOD_MS = 1000;
const STDERR = 2;

/** Returns how to stop it. */
export function showProgress(session: MonitorSession): () => void {
  const terminal = isatty(STDERR);
  let before = 0;
  const show = (): void => {
    const { rendezvous } = session.facts;
    const members = session.replicas.filter(({ state }) => state === 'member');
    const line =
      `tmr: ${session.state}, rendezvous ${rendezvous}, ${rendezvous - before} calls/s, ` +
      `members ${members.map(({ replica }) => replica).join(' ') || 'none'}`;
    before = rendezvous;
    write(terminal ? `\r\x1b[K${line}` : `${line}\n`);
  };
  const timer = setInterval(show, PERIOD_MS);
  return () => {
    clearInterval(timer);
    if (terminal) write('\r\x1b[K');
  };
}

function write(text: string): void {
  try {
    writeSync(STDERR, text);
  } catch {
    // A full or closed stderr must not end the session.
  }
}
