import type { Getter } from "../compiled.ts";
import type { DataPoint } from "../contexts/datapoint.ts";
import type { Arguments, Parameters } from "../parameters.ts";
import type { StaticType } from "../value.ts";

/** A function that makes a value of others. It does nothing else, so equal arguments give equal values. */
export interface Converter {
  readonly name: string;
  readonly summary: string;
  readonly returns: StaticType;
  readonly parameters: Parameters;
  /** `offset` is where the call stands. */
  make(args: Readonly<Record<string, unknown>>, offset: number): Getter;
}

/** A function that gives its subject another value somewhere: what it makes is a new subject, or the same one. */
export interface Editor {
  readonly name: string;
  readonly summary: string;
  readonly parameters: Parameters;
  /** The one context that it is for; in any where there is none. */
  readonly context?: "metric";
  /** `offset` is where the call stands. */
  make(args: Readonly<Record<string, unknown>>, offset: number): ((subject: unknown) => unknown) | PointsEdit;
}

/** What an editor of metrics makes of each of their points, where it needs these: one point, or several. */
export interface PointsEdit {
  ofPoint(point: DataPoint): readonly DataPoint[];
}

type Defined<F extends Converter | Editor, P extends Parameters> = Omit<F, "parameters" | "make"> & {
  readonly parameters: P;
  make(args: Arguments<P>, offset: number): ReturnType<F["make"]>;
};

// Whoever binds arguments makes them from `parameters`, so `make` gets what it says that it takes.
export const converter = <P extends Parameters>(definition: Defined<Converter, P>): Converter =>
  definition as unknown as Converter;

export const editor = <P extends Parameters>(definition: Defined<Editor, P>): Editor => definition as unknown as Editor;
