/** The NFS server: one port for NFS, MOUNT and tmr's own program. */
import { randomBytes } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { Address } from '../wire/messages.ts';
import { Connection, isLoopback } from './connection.ts';
import { DuplicateCache } from './duplicate-cache.ts';
import { resolveSubtree } from './exports/export.ts';
import { DirectorySnapshots } from './files/directory-snapshots.ts';
import { WriteVerifier } from './files/write-verifier.ts';
import { PlainExports } from './plain.ts';
import type { CallContext } from './procedures/handler.ts';
import { SessionRegistry } from './session/registry.ts';

export interface NfsServerOptions {
  /** Directory under which volumes and plain subtrees lie. */
  exportRoot: string;
  /** Port 0: ephemeral. Another address than loopback needs a secret. */
  listen: Address;
  /** Shared by all hosts. Without one nobody can say HELLO. */
  secret?: Uint8Array;
  /** Subtrees of the export root for ordinary NFS clients on loopback. */
  plain?: string[];
  /** Believe plain clients' AUTH_SYS from any port, although the server runs as root. */
  plainAnyPort?: boolean;
  /** The tree of "everything else", read-only, for replicas; default "/"; "none" for no such tree. */
  system?: string;
  /** Sessions open at one time; default 64. */
  maxSessions?: number;
  /** Gets at most one line for each connection; default: stderr. */
  log?: (line: string) => void;
}

/** What is wrong with the options or the place to listen; the command exits 78. */
export class NfsServerError extends Error {
  readonly code: 'NFS_EXPORT' | 'NFS_LISTEN' | 'NFS_SECRET';
  constructor(code: NfsServerError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** What connections share. */
export interface ServerParts {
  options: NfsServerOptions;
  secret: Uint8Array;
  sessions: SessionRegistry;
  plain: PlainExports;
  duplicates: DuplicateCache;
  connections: Set<Connection>;
  callParts: Pick<CallContext, 'verifier' | 'snapshots' | 'onDefect'>;
  log: (line: string) => void;
}

const MAX_SESSIONS_DEFAULT = 64;
const SECRET_BYTES = 32;
/** Descriptors are for files too. */
const CONNECTIONS_MAX = 512;

export class NfsServer {
  readonly #parts: ServerParts;
  readonly #server: Server;

  /** Throws NfsServerError or ExportError when a directory or address cannot be served. */
  constructor(options: NfsServerOptions) {
    assertSecretWhereNeeded(options);
    const root = realDirectory(options.exportRoot, '--export');
    const { system } = options;
    const sessions = new SessionRegistry({
      root,
      system: system === 'none' ? undefined : realDirectory(system ?? '/', '--system'),
      maxSessions: options.maxSessions ?? MAX_SESSIONS_DEFAULT,
      nowNs: () => Number(process.hrtime.bigint()),
    });
    const log = options.log ?? ((line: string) => void process.stderr.write(`tmr nfs: ${line}\n`));
    this.#parts = {
      options,
      secret: options.secret ?? randomBytes(SECRET_BYTES),
      sessions,
      plain: new PlainExports({
        subtrees: (options.plain ?? []).map((subtree) => resolveSubtree(root, subtree)),
        owned: (path) => sessions.owns(path),
        aboveOwned: (path) => sessions.isAboveOwned(path),
      }),
      duplicates: new DuplicateCache(() => performance.now()),
      connections: new Set(),
      callParts: {
        verifier: new WriteVerifier(),
        snapshots: new DirectorySnapshots(),
        onDefect: (error) => log(`defect: ${(error as Error)?.stack ?? String(error)}`),
      },
      log,
    };
    this.#server = createServer((socket) => {
      this.#parts.connections.add(new Connection(socket, this.#parts));
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Starts to listen; the address has the port that was given. Throws NfsServerError. */
  async listen(): Promise<Address> {
    const { host, port } = this.#parts.options.listen;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        reject(new NfsServerError('NFS_LISTEN', listenMessage(error, host, port)));
      });
      this.#server.listen({ host, port }, () => resolve());
    });
    this.#server.removeAllListeners('error');
    this.#server.on('error', (error) => this.#parts.log(`listening socket: ${error.message}`));
    const bound = this.#server.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  /** Ends all sessions and connections. */
  async close(): Promise<void> {
    this.#parts.sessions.closeAll();
    for (const connection of this.#parts.connections) connection.cut();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

function assertSecretWhereNeeded(options: NfsServerOptions): void {
  const { host } = options.listen;
  if (options.secret !== undefined || host === 'localhost' || isLoopback(host)) return;
  throw new NfsServerError(
    'NFS_SECRET',
    `expected a secret to listen on ${host}: give --secret-file or --secret-fd, or listen on 127.0.0.1`,
  );
}

function realDirectory(path: string, option: string): string {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = `expected a directory for ${option}, got ${path} (${code}): create it or name another`;
    throw new NfsServerError('NFS_EXPORT', message);
  }
  throw new NfsServerError(
    'NFS_EXPORT',
    `expected a directory for ${option}, but ${path} is another kind of file`,
  );
}

function listenMessage(error: NodeJS.ErrnoException, host: string, port: number): string {
  const advice =
    error.code === 'EADDRINUSE'
      ? 'the port is in use: choose another one, or 0 for a free one'
      : error.code === 'EADDRNOTAVAIL'
        ? 'this host does not have that address'
        : error.code === 'EACCES'
          ? 'ports below 1024 need root'
          : error.message;
  return `cannot listen on ${host}:${port} (${error.code ?? 'unknown'}): ${advice}`;
}
