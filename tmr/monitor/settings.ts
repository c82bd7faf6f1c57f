/** From the options of a command line to the settings of a session, with the refusals. */
import { createHash, randomBytes } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';
import {
  defaultAskDelayMs,
  defaultLinkDelayMs,
  survivesLostVote,
  TIMEOUT_MIN_MS,
} from '../core/bounds.ts';
import type { Detect, Policy, TimeoutFrom } from '../core/types.ts';
import type { ClockPolicy, SessionSettings, TscPolicy } from '../wire/session-plan.ts';
import { formatMs, parseDurationMs } from './durations.ts';
import { ConfigurationError } from './errors.ts';

/** As given by the user; durations are texts such as `5s`. */
export interface SettingsOptions {
  replicas: number;
  timeout: string;
  timeoutFrom: TimeoutFrom;
  detect: Detect;
  policy: Policy;
  linkDelay?: string;
  askDelay?: string;
  startTimeout: string;
  serviceTimeout?: string;
  tsc: TscPolicy;
  clock: ClockPolicy;
  seed?: string;
  strictCalls?: boolean;
  /** False with --no-caches. */
  caches: boolean;
  placement: SessionSettings['placement'];
  interpose?: string;
  interposeOptions?: string;
}

/** Shortest time in which a trusted party is taken for lost, unless the user says otherwise (R19). */
const SERVICE_TIMEOUT_DEFAULT_MIN_MS = 5000;

/** What a start or an answer over a loaded machine may well take: below it the healthy are lost. */
const PATIENCE_MIN_MS = 100;

/** Throws ConfigurationError for what the protocol cannot keep its word with. */
export function sessionSettings(options: SettingsOptions): SessionSettings {
  const timeoutMs = parseDurationMs(options.timeout, '--timeout');
  if (timeoutMs < TIMEOUT_MIN_MS) {
    throw new ConfigurationError(
      `--timeout: expected at least ${TIMEOUT_MIN_MS}ms (a shorter one flags healthy replicas), ` +
        `got ${options.timeout}`,
    );
  }
  const linkDelayMs = optional(options.linkDelay, '--link-delay') ?? defaultLinkDelayMs(timeoutMs);
  const askDelayMs = optional(options.askDelay, '--ask-delay') ?? defaultAskDelayMs(timeoutMs);
  if (!survivesLostVote(timeoutMs, askDelayMs, linkDelayMs)) {
    throw new ConfigurationError(
      `expected ask delay + 2 x link delay < time-out, got ${formatMs(askDelayMs)} + 2 x ` +
        `${formatMs(linkDelayMs)} against ${formatMs(timeoutMs)}: raise --timeout or lower the delays`,
    );
  }
  const interpose = interposition(options);
  return {
    replicas: options.replicas,
    timeoutMs,
    timeoutFrom: options.timeoutFrom,
    detect: options.detect,
    policy: options.policy,
    linkDelayMs,
    askDelayMs,
    startTimeoutMs: patience(options.startTimeout, '--start-timeout'),
    serviceTimeoutMs:
      options.serviceTimeout === undefined
        ? Math.max(timeoutMs, SERVICE_TIMEOUT_DEFAULT_MIN_MS)
        : patience(options.serviceTimeout, '--service-timeout'),
    tsc: options.tsc,
    clock: options.clock,
    seed: seedOf(options.seed),
    seedGiven: options.seed !== undefined,
    strictCalls: options.strictCalls ?? false,
    caches: options.caches,
    placement: options.placement,
    ...(interpose === undefined ? {} : { interpose }),
  };
}

/** 256 bits in hex: of the user's text, or of getrandom(2). */
function seedOf(text: string | undefined): string {
  if (text === undefined) return randomBytes(32).toString('hex');
  return createHash('sha256').update(text).digest('hex');
}

function optional(text: string | undefined, option: string): number | undefined {
  return text === undefined ? undefined : parseDurationMs(text, option);
}

function patience(text: string, option: string): number {
  const ms = parseDurationMs(text, option);
  if (ms >= PATIENCE_MIN_MS) return ms;
  throw new ConfigurationError(`${option}: expected at least ${PATIENCE_MIN_MS}ms, got ${text}`);
}

function interposition(options: SettingsOptions): SessionSettings['interpose'] {
  if (options.interpose === undefined) {
    if (options.interposeOptions === undefined) return undefined;
    throw new ConfigurationError('--interpose-options: expected --interpose MODULE with it');
  }
  const path = options.interpose;
  const module = isAbsolute(path) ? path : resolve(path);
  try {
    return { module, options: JSON.parse(options.interposeOptions ?? 'null') as unknown };
  } catch (error) {
    throw new ConfigurationError(`--interpose-options: expected JSON: ${String(error)}`);
  }
}
