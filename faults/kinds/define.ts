/** What a kind of fault is: one entry of the table in registry.ts, from which all else follows. */
import type { Parameter } from './parameters.ts';
import type { Struck, Trigger } from './trigger.ts';

type Parameters = Readonly<Record<string, Parameter<unknown, unknown>>>;

/** Values as they are given, some perhaps to be drawn. */
export type Given<P> = {
  [Name in keyof P]: P[Name] extends Parameter<infer Value, infer _Drawn> ? Value : never;
};
export type Drawn<P> = {
  [Name in keyof P]: P[Name] extends Parameter<infer _Given, infer Value> ? Value : never;
};

/** Under `agreed`, for a fault that becomes visible while calls are still voted on. */
export type Expectation = 'must' | 'may' | 'never';

export interface FaultKind<Name extends string = string, P = Parameters> {
  name: Name;
  /** As figures and tables have it. */
  title: string;
  summary: string;
  parameters: P;
  example: string;
  /** How to see that the injector really acts: the same fault where it must show. */
  positiveControl: string;
  /** What is hit: `tracer:2`, `replica:2`, `container:2`, `link:1-2`, `nfs`. */
  target(values: Given<P>): string;
  /** The replica that a correct system may lose; null for a fault of a link between two tracers. */
  faulty(values: Given<P>): number | null;
  /** Whether the faulty replica is to be flagged. */
  flag(values: Given<P>): Expectation;
  /** Which bound of protocol.md 1 (P3) is stated for it, if any. */
  bound: 'wrong-vote' | 'absent-vote' | null;
  /**
   * The replica stands still or crawls for a finite time and is well again: one that is flagged for it was
   * only late (the paper's "mistakenly flagged").
   */
  finiteDelay?: true;
  /** Acts on a tracer's container or its networks: only `--hosts docker` has these. */
  inContainers?: true;
  /** Which values do not go together, in words. */
  contradiction?(values: Given<P>): string | undefined;
}

/** Keeps the types of the parameters. */
export function defineKind<const Name extends string, const P extends Parameters>(
  kind: FaultKind<Name, P>,
): FaultKind<Name, P> {
  return kind;
}

type Flat<T> = { [Key in keyof T]: T[Key] };

/** A fault of this kind as data. */
export type SpecOf<Kind> =
  Kind extends FaultKind<infer Name, infer P>
    ? Flat<{ kind: Name } & Given<P> & { at: Trigger; seed?: string }>
    : never;
/** Nothing is left to draw. */
export type ResolvedOf<Kind> =
  Kind extends FaultKind<infer Name, infer P>
    ? Flat<{ kind: Name } & Drawn<P> & { at: Struck; seed?: string }>
    : never;
