/** Helpers shared by the codecs: signed hypers, enumerations and JSON items. */
import { XdrError } from './xdr.ts';
import type { XdrReader, XdrWriter } from './xdr.ts';

const TWO_32 = 0x1_0000_0000;

/** A signed hyper (RFC 4506 4.5) from an integer in -(2^53-1) ... 2^53-1. */
export function writeHyper(writer: XdrWriter, value: number): void {
  if (!Number.isSafeInteger(value)) {
    throw new XdrError(`expected an integer below 2^53 in size for a hyper, got ${value}`);
  }
  writer.i32(Math.floor(value / TWO_32)).u32(value);
}

export function readHyper(reader: XdrReader): number {
  const high = reader.i32();
  const value = high * TWO_32 + reader.u32();
  if (!Number.isSafeInteger(value)) {
    throw new XdrError(`expected a hyper below 2^53 in size, got ${value}`);
  }
  return value;
}

/** Two-way table of an enumeration: the names in order of their numbers, from 0. */
export class Enumeration<Name extends string> {
  readonly #what: string;
  readonly #names: readonly Name[];

  constructor(what: string, names: readonly Name[]) {
    this.#what = what;
    this.#names = names;
  }

  number(name: Name): number {
    const number = this.#names.indexOf(name);
    if (number < 0) {
      throw new XdrError(`expected ${this.#what} to be one of ${this.#list()}, got '${name}'`);
    }
    return number;
  }

  name(number: number): Name {
    const name = this.#names[number];
    if (name === undefined) {
      throw new XdrError(
        `expected ${this.#what} in 0..${this.#names.length - 1} (${this.#list()}), got ${number}`,
      );
    }
    return name;
  }

  #list(): string {
    return this.#names.join(', ');
  }
}

/** A value as JSON text in one opaque item. */
export function writeJson(writer: XdrWriter, value: unknown): void {
  writer.string(JSON.stringify(value));
}

/** JSON text of at most `max` bytes. What it holds is for the caller to check. */
export function readJson(reader: XdrReader, max: number): unknown {
  const text = reader.string(max);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new XdrError(`expected JSON, got text that does not parse: ${String(error)}`);
  }
}
