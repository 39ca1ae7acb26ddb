import type { Reach } from "../compiled.ts";
import type { StaticType, Value } from "../value.ts";

/** What a path of a context reads, and writes where it can be written. `S` is what the context's conditions are asked about. */
export interface Path<S> {
  readonly type: StaticType;
  readonly reach: Reach;
  /** Whether keys may follow: `attributes["key"]`. */
  readonly indexable: boolean;
  read(subject: S): Value;
  /** A new subject with another value; the given one stays as it is. Throws `EvaluationError` for a value of a wrong type. */
  write?(subject: S, value: Value): S;
}

/** Paths by their fields, joined by dots: `attributes`, `status.code`. */
export type Paths<S> = Readonly<Record<string, Path<S>>>;

export type Enums = Readonly<Record<string, number>>;

export type ContextName = "resource" | "scope" | "metric" | "datapoint" | "span" | "spanevent" | "log";

/** One of OTTL's contexts: the names that its conditions and statements may use. */
export interface Context<S> {
  readonly name: ContextName;
  /** With the context's name in front and, for its own paths, also without. */
  readonly paths: ReadonlyMap<string, Path<S>>;
  readonly enums: ReadonlyMap<string, number>;
}

/** Puts a context together from its own paths and those of the contexts above it. */
export function context<S>(
  name: ContextName,
  own: Paths<S>,
  above: Readonly<Record<string, Paths<S>>>,
  enums: Enums,
): Context<S> {
  const paths = new Map(Object.entries(own));
  for (const [prefix, group] of Object.entries({ ...above, [name]: own })) {
    for (const [path, found] of Object.entries(group)) paths.set(`${prefix}.${path}`, found);
  }
  return { name, paths, enums: new Map(Object.entries(enums)) };
}

/** The paths of a part of a subject, as paths of the whole. */
export function within<Whole, Part>(
  paths: Paths<Part>,
  take: (whole: Whole) => Part,
  put: (whole: Whole, part: Part) => Whole,
): Paths<Whole> {
  return Object.fromEntries(
    Object.entries(paths).map(([name, path]) => {
      const { type, reach, indexable } = path;
      const read = (whole: Whole) => path.read(take(whole));
      if (path.write === undefined) return [name, { type, reach, indexable, read }];
      const write = (whole: Whole, value: Value): Whole => {
        const part = take(whole);
        const changed = path.write!(part, value);
        return changed === part ? whole : put(whole, changed);
      };
      return [name, { type, reach, indexable, read, write }];
    }),
  );
}
