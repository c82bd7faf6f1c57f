/**
 * The short text of a fault: `kind:name=value,name=value`. `parseFault(formatFault(f))` is f.
 *
 *   signature-bit-flip:replica=1,bit=17,at=rendezvous:120
 *   tracer-delay:replica=3,delay=100ms..1s,at=rendezvous:50
 */
import { didYouMean } from './did-you-mean.ts';
import {
  contradiction,
  definitionOf,
  FaultSpecError,
  parseFaultData,
  seedSchema,
  type ActiveFault,
  type FaultSpec,
  type ResolvedFault,
  type Values,
} from './fault-spec.ts';
import type { FaultKind } from './kinds/define.ts';
import { activeKind, faultKindNames, NONE } from './kinds/registry.ts';
import { trigger, type Trigger } from './kinds/trigger.ts';

/** Short text, or JSON when it begins with a brace. Throws FaultSpecError. */
export function parseFault(text: string): FaultSpec {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return parseFaultData(parseJson(trimmed));
  const colon = trimmed.indexOf(':');
  const name = colon < 0 ? trimmed : trimmed.slice(0, colon);
  const given = colon < 0 ? '' : trimmed.slice(colon + 1);
  if (name === NONE.name) return parseNone(given);
  const kind = activeKind(name);
  if (kind === undefined) {
    throw new FaultSpecError(
      `fault: expected one of ${faultKindNames.join(', ')}, got '${name}'.` +
        didYouMean(name, faultKindNames),
    );
  }
  const fault = readValues(kind, pairsOf(kind, given)) as ActiveFault;
  const problem = contradiction(fault);
  if (problem !== undefined) throw new FaultSpecError(`${kind.name}: ${problem}, got '${trimmed}'`);
  return fault;
}

/** The canonical short text: what is as when it is not given is left out, the place apart. */
export function formatFault(fault: FaultSpec | ResolvedFault): string {
  if (fault.kind === 'none') return NONE.name;
  const [kind, values] = definitionOf(fault);
  const parts = Object.entries(kind.parameters)
    .filter(([name, { absent }]) => values[name] !== absent)
    .map(([name, { type }]) => `${name}=${type.write(values[name])}`);
  parts.push(`at=${trigger.write(fault.at)}`);
  if (fault.seed !== undefined) parts.push(`seed=${fault.seed}`);
  return `${fault.kind}:${parts.join(',')}`;
}

export function formatTrigger(at: Trigger): string {
  return trigger.write(at);
}

function parseNone(given: string): FaultSpec {
  if (given === '') return { kind: 'none' };
  throw new FaultSpecError(`none: expected no parameters, got '${given}'`);
}

/** name=value pairs, each a parameter of the kind, none twice. */
function pairsOf(kind: FaultKind, text: string): Map<string, string> {
  const names = [...Object.keys(kind.parameters), 'at', 'seed'];
  const pairs = new Map<string, string>();
  for (const part of text === '' ? [] : text.split(',')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim();
    if (!names.includes(name)) {
      throw new FaultSpecError(
        `${kind.name}: expected ${names.join(', ')}, got '${name}'.${didYouMean(name, names)}`,
      );
    }
    if (pairs.has(name)) {
      throw new FaultSpecError(`${kind.name}: ${name} is given twice in '${text}'`);
    }
    pairs.set(name, equals < 0 ? '' : part.slice(equals + 1).trim());
  }
  return pairs;
}

function readValues(kind: FaultKind, pairs: Map<string, string>): Values {
  const wrong = (name: string, values: string, got: string | undefined): FaultSpecError =>
    new FaultSpecError(
      `${kind.name}: expected ${name}=${values}, got ${got === undefined ? `no ${name}` : `'${got}'`}; ` +
        `for example ${kind.example}`,
    );
  const values: Values = { kind: kind.name };
  for (const [name, { type, absent }] of Object.entries(kind.parameters)) {
    const text = pairs.get(name);
    values[name] = text === undefined ? absent : type.read(text);
    if (values[name] === undefined) throw wrong(name, type.values, text);
  }
  const at = pairs.get('at') ?? 'drawn';
  values['at'] = trigger.read(at);
  if (values['at'] === undefined) throw wrong('at', trigger.values, at);
  const seed = pairs.get('seed');
  if (seed !== undefined) {
    if (!seedSchema.safeParse(seed).success)
      throw wrong('seed', '1 to 64 hexadecimal digits', seed);
    values['seed'] = seed;
  }
  return values;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FaultSpecError(`fault: expected JSON, got '${text}' (${why})`);
  }
}
