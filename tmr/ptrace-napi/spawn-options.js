/** Checks SpawnOptions and brings them into the plain arrays that the addon takes. */
import { inspect } from 'node:util';
import { PtraceError } from './error.js';

/** The arguments of the native spawn. Throws ERR_ARGUMENT that names the option. */
export function encodeSpawnOptions(options) {
  if (typeof options !== 'object' || options === null) {
    throw refuse('options', 'an object', options);
  }
  const { rlimits = [], umask, affinity, seccompAllow, cwd } = options;
  if (typeof cwd !== 'string') throw refuse('cwd', 'a string', cwd);
  return [
    stringBlock('file', [options.file]),
    stringBlock('args', options.args),
    stringBlock('env', options.env),
    stringBlock('cwd', [cwd]),
    Int32Array.from(wholeNumbers('stdio', options.stdio, 0, 2 ** 31 - 1, 3)),
    Float64Array.from(list('rlimits', rlimits).flatMap(limitTriple)),
    umask === undefined ? -1 : wholeNumber('umask', umask, 0, 0o777),
    affinity === undefined ? undefined : affinityArray(affinity),
    flag('disableAslr', options.disableAslr, true),
    flag('trapTsc', options.trapTsc, false),
    seccompAllow === undefined
      ? undefined
      : Uint32Array.from(wholeNumbers('seccompAllow', seccompAllow, 0, 0x3fffffff)),
    flag('traceExit', options.traceExit, false),
  ];
}

/** Strings one after the other, each with its NUL. */
function stringBlock(name, strings) {
  const nul = Buffer.alloc(1);
  return Buffer.concat(
    list(name, strings).flatMap((string) => {
      if (typeof string !== 'string' && !(string instanceof Uint8Array)) {
        throw refuse(name, 'made of strings or Uint8Arrays', string);
      }
      const bytes = Buffer.from(string);
      if (bytes.includes(0)) throw refuse(name, 'free of NUL bytes', string);
      return [bytes, nul];
    }),
  );
}

function limitTriple(limit) {
  const { resource, soft, hard } = limit ?? {};
  wholeNumber('rlimits: resource', resource, 0, 1000);
  for (const value of [soft, hard]) {
    if (value !== Infinity) wholeNumber('rlimits: soft and hard', value, 0, 2 ** 53);
  }
  return [resource, soft, hard];
}

function affinityArray(cpus) {
  const numbers = wholeNumbers('affinity', cpus, 0, 1023);
  if (numbers.length === 0) throw refuse('affinity', 'at least one CPU', 'none');
  return Int32Array.from(numbers);
}

function wholeNumbers(name, values, low, high, length) {
  const numbers = list(name, values);
  if (length !== undefined && numbers.length !== length) {
    throw refuse(name, `${length} numbers`, `${numbers.length}`);
  }
  return numbers.map((value) => wholeNumber(name, value, low, high));
}

function wholeNumber(name, value, low, high) {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw refuse(name, `whole numbers from ${low} to ${high}`, value);
}

function list(name, values) {
  if (!Array.isArray(values)) throw refuse(name, 'an array', values);
  return values;
}

function flag(name, value, standard) {
  if (value === undefined) return standard;
  if (typeof value !== 'boolean') throw refuse(name, 'true or false', value);
  return value;
}

function refuse(name, expected, got) {
  return new PtraceError(
    `spawn: ${name} must be ${expected}, got ${inspect(got, { depth: 0 })}`,
    'ERR_ARGUMENT',
  );
}
