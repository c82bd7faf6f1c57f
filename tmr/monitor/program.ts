/** The command as the user started it, in bytes: arguments, environment, limits, ids. */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { hostname } from 'node:os';
import type { Program } from '../wire/session-plan.ts';
import { codeOf, exitStatus, StartError } from './errors.ts';

/** What is not this process's own when it was started for somebody elsewhere (a container's monitor). */
export interface Caller {
  /** `NAME=value`, bytes in base64. */
  envBase64: string[];
  umask: number;
}

/** The variable that holds a Caller as JSON: neither argv nor Node itself shows or reads it. */
export const CALLER_VARIABLE = 'TMR_CALLER';

/** Undefined where the program is this process's own user's. */
export function readCaller(): Caller | undefined {
  const json = process.env[CALLER_VARIABLE];
  return json === undefined ? undefined : (JSON.parse(json) as Caller);
}

/** The variable for a program with this environment, or with this process's own. */
export function callerVariable(environment?: Record<string, string>): Record<string, string> {
  const items =
    environment === undefined
      ? rawEnvironment()
      : Object.entries(environment).map(([name, value]) => Buffer.from(`${name}=${value}`));
  const envBase64 = items.map((item) => item.toString('base64'));
  return { [CALLER_VARIABLE]: JSON.stringify({ envBase64, umask: readUmask() } satisfies Caller) };
}

/** Reads what the process was started with. Throws StartError 126 or 127 as env(1). */
export function describeProgram(command: readonly string[], cwd: string, caller?: Caller): Program {
  const name = command[0] ?? '';
  const environment =
    caller?.envBase64.map((item) => Buffer.from(item, 'base64')) ?? rawEnvironment();
  const path = valueOf(environment, 'PATH') ?? '/bin:/usr/bin';
  const here = process.cwd();
  const found = findProgram(name, path, here);
  // Elsewhere a relative path would name something else.
  const typed = cwd === here ? found : absolute(found, here);
  const args = rawArguments(command.length, command);
  const shell = isShellText(absolute(found, here));
  const program = shell ? SHELL : typed;
  if (shell) args.splice(0, 1, Buffer.from(SHELL), Buffer.from(typed));
  return {
    file: absolute(program, here),
    typed: program,
    argsBase64: args.map((bytes) => bytes.toString('base64')),
    envBase64: adaptEnvironment(environment, typed, cwd).map((bytes) => bytes.toString('base64')),
    cwd,
    umask: caller?.umask ?? readUmask(),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
    rlimits: readLimits(),
    hostName: hostname(),
  };
}

/**
 * execvp(3): a name with a slash is a path, any other is looked up in PATH. Returned as execve(2)
 * is given it, which is what a script finds as $0: relative where name or PATH are.
 */
export function findProgram(name: string, path: string, cwd: string): string {
  const candidates = name.includes('/')
    ? [name]
    : path.split(':').map((directory) => `${directory === '' ? '.' : directory}/${name}`);
  let forbidden = false;
  for (const candidate of name === '' ? [] : candidates) {
    const state = executability(absolute(candidate, cwd));
    if (state === 'yes') return candidate;
    forbidden ||= state === 'forbidden';
  }
  if (forbidden) {
    throw new StartError(
      `${name}: Permission denied (not an executable file)`,
      exitStatus.notExecutable,
    );
  }
  throw new StartError(`${name}: No such file or directory`, exitStatus.notFound);
}

/** Not normalised: ".." behind a symlink is not where the text says. */
function absolute(file: string, cwd: string): string {
  return file.startsWith('/') ? file : `${cwd === '/' ? '' : cwd}/${file}`;
}

/** What execvp(3) runs a file by that execve(2) does not know. */
const SHELL = '/bin/sh';
const HEAD_BYTES = 4;

/** Neither ELF nor "#!": execve gives ENOEXEC. One that cannot be read is the kernel's affair. */
function isShellText(file: string): boolean {
  const head = Buffer.alloc(HEAD_BYTES);
  try {
    const fd = openSync(file, 'r');
    try {
      const length = readSync(fd, head, 0, HEAD_BYTES, 0);
      const text = head.toString('latin1', 0, length);
      return !text.startsWith('#!') && text !== '\x7fELF';
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

function executability(file: string): 'yes' | 'forbidden' | 'absent' {
  try {
    if (!statSync(file).isFile()) return 'forbidden';
    accessSync(file, constants.X_OK);
    return 'yes';
  } catch (error) {
    return codeOf(error) === 'EACCES' ? 'forbidden' : 'absent';
  }
}

/** The last `count` arguments as bytes: process.argv has lost what is not UTF-8. */
function rawArguments(count: number, decoded: readonly string[]): Buffer[] {
  const raw = splitAtNul(readFileSync('/proc/self/cmdline')).slice(-count);
  const same = raw.length === count && raw.every((bytes, i) => bytes.toString() === decoded[i]);
  return same ? raw : decoded.map((text) => Buffer.from(text));
}

/** The environment as execve gave it, in order and as bytes. */
function rawEnvironment(): Buffer[] {
  return splitAtNul(readFileSync('/proc/self/environ'));
}

function splitAtNul(bytes: Buffer): Buffer[] {
  const items: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0, start);
    items.push(bytes.subarray(start, end < 0 ? bytes.length : end));
    start = end < 0 ? bytes.length : end + 1;
  }
  return items;
}

function valueOf(environment: readonly Buffer[], name: string): string | undefined {
  const prefix = Buffer.from(`${name}=`);
  return environment
    .find((item) => item.subarray(0, prefix.length).equals(prefix))
    ?.subarray(prefix.length)
    .toString();
}

/** As a shell would have it: `_` names the program it starts, PWD the directory it starts in. */
function adaptEnvironment(environment: Buffer[], file: string, cwd: string): Buffer[] {
  const moved = cwd !== process.cwd();
  return environment.map((item) => {
    const text = item.toString();
    if (text.startsWith('_=') && isOurs(text.slice(2))) return Buffer.from(`_=${file}`);
    return moved && text.startsWith('PWD=') ? Buffer.from(`PWD=${cwd}`) : item;
  });
}

/** A path of tmr itself or of the Node that runs it. */
function isOurs(path: string): boolean {
  try {
    const real = realpathSync(path);
    return [process.execPath, process.argv[1] ?? ''].some((ours) => realpathSync(ours) === real);
  } catch {
    return false;
  }
}

function readUmask(): number {
  const match = /^Umask:\s*([0-7]+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number.parseInt(match?.[1] ?? '022', 8);
}

/** RLIMIT_* numbers by the first words of /proc/PID/limits (proc(5)). */
const limitNumbers: Record<string, number> = {
  'Max cpu time': 0,
  'Max file size': 1,
  'Max data size': 2,
  'Max stack size': 3,
  'Max core file size': 4,
  'Max resident set': 5,
  'Max processes': 6,
  'Max open files': 7,
  'Max locked memory': 8,
  'Max address space': 9,
  'Max file locks': 10,
  'Max pending signals': 11,
  'Max msgqueue size': 12,
  'Max nice priority': 13,
  'Max realtime priority': 14,
  'Max realtime timeout': 15,
};
const RLIMIT_NOFILE = 7;

/**
 * Limits as the user's shell has them. Node raised the soft limit of open files before any of our
 * code ran, so that one is the parent's.
 */
function readLimits(): Program['rlimits'] {
  const own = parseLimits('/proc/self/limits');
  const parent = parseLimits(`/proc/${process.ppid}/limits`);
  const open = own.find(({ resource }) => resource === RLIMIT_NOFILE);
  const parentSoft = parent.find(({ resource }) => resource === RLIMIT_NOFILE)?.soft ?? 1024;
  if (open !== undefined) open.soft = smaller(parentSoft, open.hard);
  return own;
}

type Limit = number | 'infinity';

function parseLimits(file: string): Program['rlimits'] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  const limits: Program['rlimits'] = [];
  for (const line of text.split('\n')) {
    const match = /^(Max [a-z ]+?)\s{2,}(\S+)\s+(\S+)/.exec(line);
    const resource = limitNumbers[match?.[1] ?? ''];
    if (match === null || resource === undefined) continue;
    limits.push({ resource, soft: parseLimit(match[2]), hard: parseLimit(match[3]) });
  }
  return limits;
}

function parseLimit(text: string | undefined): Limit {
  return text === 'unlimited' ? 'infinity' : Number(text);
}

function smaller(a: Limit, b: Limit): Limit {
  if (a === 'infinity') return b;
  return b === 'infinity' ? a : Math.min(a, b);
}
