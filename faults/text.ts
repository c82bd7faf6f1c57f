/**
 * The short text of a fault: `kind:name=value,name=value`. `parseFault(formatFault(f))` is f.
 *
 *   signature-bit-flip:replica=1,bit=17,at=rendezvous:120
 *   tracer-delay:replica=3,delay=100ms..1s,at=rendezvous:50
 */
import { didYouMean } from './did-you-mean.ts';
import { faultKind, type FaultKind } from './fault-kinds.ts';
import {
  type containerFaultKinds,
  contradiction,
  DELAY_MAX_MS,
  faultKindNames,
  FaultSpecError,
  parseFaultData,
  REPLICA_MAX,
  SIGNATURE_BITS,
  type FaultSpec,
  type ResolvedFault,
  type Trigger,
} from './fault-spec.ts';

/** Short text, or JSON when it begins with a brace. Throws FaultSpecError. */
export function parseFault(text: string): FaultSpec {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return parseFaultData(parseJson(trimmed));
  const colon = trimmed.indexOf(':');
  const name = colon < 0 ? trimmed : trimmed.slice(0, colon);
  const kind = faultKind(name);
  if (kind === undefined) {
    throw new FaultSpecError(
      `fault: expected one of ${faultKindNames.join(', ')}, got '${name}'.` +
        didYouMean(name, faultKindNames),
    );
  }
  const values = new Values(kind, colon < 0 ? '' : trimmed.slice(colon + 1));
  const spec = build(kind, values);
  const problem = contradiction(spec);
  if (problem !== undefined) throw new FaultSpecError(`${kind.name}: ${problem}`);
  return spec;
}

/** The canonical short text. */
export function formatFault(spec: FaultSpec | ResolvedFault): string {
  if (spec.kind === 'none') return 'none';
  const parts = [...describeSpec(spec), `at=${formatTrigger(spec.trigger)}`];
  if (spec.seed !== undefined) parts.push(`seed=${spec.seed}`);
  return `${spec.kind}:${parts.join(',')}`;
}

/** `rendezvous:120`, `rendezvous:10..200`, `drawn`. */
export function formatTrigger(trigger: Trigger): string {
  if (trigger.type === 'rendezvous') return `rendezvous:${trigger.k}`;
  if (trigger.from === undefined && trigger.to === undefined) return 'drawn';
  return `rendezvous:${trigger.from ?? ''}..${trigger.to ?? ''}`;
}

function describeSpec(spec: Exclude<FaultSpec | ResolvedFault, { kind: 'none' }>): string[] {
  switch (spec.kind) {
    case 'signature-bit-flip': {
      const { target, location } = spec;
      const who =
        target.type === 'link'
          ? `where=link:${target.from}-${target.to}`
          : `replica=${target.replica}`;
      return [who, `bit=${location.bit}`];
    }
    case 'replica-kill':
      return [`replica=${spec.target.replica}`, `process=${spec.target.type}`];
    case 'tracer-delay': {
      const { duration } = spec;
      const delay =
        typeof duration === 'number'
          ? formatMs(duration)
          : `${formatMs(duration.fromMs)}..${formatMs(duration.toMs)}`;
      return [`replica=${spec.target.replica}`, `delay=${delay}`];
    }
    case 'false-flag-notice':
      return [`accuser=${spec.target.accuser}`, `accused=${spec.accused}`];
    case 'link-partition': {
      const { target, duration } = spec;
      return [`link=${target.from}-${target.to}`, `duration=${formatMs(duration)}`];
    }
    default: {
      const parts = [`replica=${spec.target.replica}`];
      if ('percent' in spec) parts.push(`percent=${spec.percent}`);
      if ('duration' in spec) parts.push(`duration=${formatMs(spec.duration)}`);
      return parts;
    }
  }
}

function build(kind: FaultKind, values: Values): FaultSpec {
  if (kind.name === 'none') return { kind: 'none' };
  const seed = values.seed();
  const common = { trigger: values.trigger(), ...(seed !== undefined && { seed }) };
  switch (kind.name) {
    case 'signature-bit-flip':
      return { kind: kind.name, target: flipTarget(values), location: bit(values), ...common };
    case 'replica-kill': {
      const type = values.choice('process', ['replica', 'tracer'] as const, 'replica');
      return { kind: kind.name, target: { type, replica: values.replica('replica') }, ...common };
    }
    case 'tracer-delay': {
      const target = { type: 'tracer', replica: values.replica('replica') } as const;
      return { kind: kind.name, target, duration: values.delay(), ...common };
    }
    case 'false-flag-notice': {
      const target = { type: 'nfs', accuser: values.replica('accuser') } as const;
      return { kind: kind.name, target, accused: values.replica('accused'), ...common };
    }
    case 'link-partition': {
      const duration = values.duration();
      return { kind: kind.name, target: partitionedLink(values), duration, ...common };
    }
    default:
      return containerFault(kind.name, values, common);
  }
}

type Common = { trigger: Trigger; seed?: string };
type OnContainer = Exclude<
  Extract<FaultSpec, { kind: (typeof containerFaultKinds)[number] }>,
  { kind: 'link-partition' }
>;

function containerFault(kind: OnContainer['kind'], values: Values, common: Common): FaultSpec {
  const target = { type: 'container', replica: values.replica('replica') } as const;
  switch (kind) {
    case 'container-pause':
    case 'network-disconnect':
      return { kind, target, duration: values.duration(), ...common };
    case 'cpu-quota': {
      const percent = values.percent();
      return { kind, target, percent, duration: values.duration(), ...common };
    }
    default:
      return { kind, target, ...common };
  }
}

function partitionedLink(values: Values): { type: 'link'; from: number; to: number } {
  const text = values.get('link') ?? values.wrong('link', undefined);
  const match = /^(\d+)-(\d+)$/.exec(text);
  if (match === null) values.wrong('link', text);
  const ends = [match[1] ?? '', match[2] ?? ''].map((end) => values.replicaNumber('link', end));
  const [from, to] = ends.sort((a, b) => a - b);
  return { type: 'link', from: from!, to: to! };
}

type Flip = Extract<FaultSpec, { kind: 'signature-bit-flip' }>;

function flipTarget(values: Values): Flip['target'] {
  const where = values.get('where') ?? 'sender';
  if (where === 'sender') return { type: 'tracer', replica: values.replica('replica') };
  const match = /^link:(\d+)-(\d+)$/.exec(where);
  if (match === null) values.wrong('where', where);
  const from = values.replicaNumber('where', match[1] ?? '');
  const to = values.replicaNumber('where', match[2] ?? '');
  if (values.get('replica') !== undefined && values.replica('replica') !== from) {
    throw new FaultSpecError(
      `signature-bit-flip: where=${where} flips votes of replica ${from}, got replica=${values.get('replica')}; ` +
        'leave replica= out, or turn the link round',
    );
  }
  return { type: 'link', from, to };
}

function bit(values: Values): Flip['location'] {
  const text = values.get('bit') ?? 'drawn';
  if (text === 'drawn') return { bit: 'drawn' };
  const number = wholeNumber(text);
  if (number === undefined || number >= SIGNATURE_BITS) values.wrong('bit', text);
  return { bit: number };
}

/** The name=value pairs of one text, checked against the parameters that its kind has. */
class Values {
  readonly #kind: FaultKind;
  readonly #values = new Map<string, string>();

  constructor(kind: FaultKind, text: string) {
    this.#kind = kind;
    const names = kind.parameters.map((parameter) => parameter.name);
    for (const part of text === '' ? [] : text.split(',')) {
      const equals = part.indexOf('=');
      const name = (equals < 0 ? part : part.slice(0, equals)).trim();
      if (!names.includes(name)) {
        const known = names.length === 0 ? 'no parameters' : names.join(', ');
        throw new FaultSpecError(
          `${kind.name}: expected ${known}, got '${name}'.${didYouMean(name, names)}`,
        );
      }
      if (equals < 0) this.wrong(name, '');
      if (this.#values.has(name)) {
        throw new FaultSpecError(`${kind.name}: ${name} is given twice in '${text}'`);
      }
      this.#values.set(name, part.slice(equals + 1).trim());
    }
    for (const { name, required } of kind.parameters) {
      if (required && !this.#values.has(name)) this.wrong(name, undefined);
    }
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  wrong(name: string, got: string | undefined): never {
    const values = this.#kind.parameters.find((parameter) => parameter.name === name)?.values;
    throw new FaultSpecError(
      `${this.#kind.name}: expected ${name}=${values}, got ${got === undefined ? `no ${name}` : `'${got}'`}; ` +
        `for example ${this.#kind.example}`,
    );
  }

  replica(name: string): number {
    const text = this.#values.get(name);
    if (text === undefined) this.wrong(name, undefined);
    return this.replicaNumber(name, text);
  }

  replicaNumber(name: string, text: string): number {
    const number = wholeNumber(text);
    if (number === undefined || number < 1 || number > REPLICA_MAX) this.wrong(name, text);
    return number;
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[], absent: Choice): Choice {
    const text = this.#values.get(name) ?? absent;
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) this.wrong(name, text);
    return choice;
  }

  seed(): string | undefined {
    const text = this.#values.get('seed');
    if (text !== undefined && !/^[0-9a-f]{1,64}$/.test(text)) this.wrong('seed', text);
    return text;
  }

  trigger(): Trigger {
    const text = this.#values.get('at') ?? 'drawn';
    if (text === 'drawn') return { type: 'drawn' };
    const match = /^rendezvous:(\d*)(\.\.)?(\d*)$/.exec(text);
    if (match === null) this.wrong('at', text);
    const [, first = '', dots, last = ''] = match;
    const from = this.#rendezvous(first, text);
    if (dots === undefined) return { type: 'rendezvous', k: from ?? this.wrong('at', text) };
    const to = this.#rendezvous(last, text);
    return {
      type: 'drawn',
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    };
  }

  delay(): number | { fromMs: number; toMs: number } {
    const text = this.#values.get('delay') ?? this.wrong('delay', undefined);
    const [from = '', to] = text.split('..');
    const fromMs = this.#milliseconds(from, text);
    return to === undefined ? fromMs : { fromMs, toMs: this.#milliseconds(to, text) };
  }

  duration(): number {
    const text = this.#values.get('duration') ?? this.wrong('duration', undefined);
    return this.#milliseconds(text, text, 'duration');
  }

  percent(): number {
    const text = this.#values.get('percent') ?? this.wrong('percent', undefined);
    const number = wholeNumber(text);
    return number === undefined || number < 1 || number > 100
      ? this.wrong('percent', text)
      : number;
  }

  #rendezvous(text: string, whole: string): number | undefined {
    if (text === '') return undefined;
    const number = wholeNumber(text);
    return number === undefined || number < 1 ? this.wrong('at', whole) : number;
  }

  #milliseconds(text: string, whole: string, name = 'delay'): number {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
    const unitMs = { ms: 1, s: 1000, m: 60_000 }[match?.[2] ?? ''] ?? NaN;
    const ms = Math.round(Number(match?.[1]) * unitMs);
    return ms >= 1 && ms <= DELAY_MAX_MS ? ms : this.wrong(name, whole);
  }
}

function wholeNumber(text: string): number | undefined {
  const number = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : undefined;
}

function formatMs(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FaultSpecError(`fault: expected JSON, got '${text}' (${why})`);
  }
}
