import { EDITORS } from "./editors.ts";
import type { Converter, Editor } from "./function.ts";
import { METRIC_EDITORS } from "./metrics.ts";
import { TEXT_CONVERTERS } from "./texts.ts";
import { TYPE_CONVERTERS } from "./types.ts";

const byName = <F extends { readonly name: string }>(functions: readonly F[]): ReadonlyMap<string, F> =>
  new Map(functions.map((found) => [found.name, found]));

/** All converters and editors that there are. They are in every context, unless an editor says which. */
export const CONVERTERS_BY_NAME: ReadonlyMap<string, Converter> = byName([...TYPE_CONVERTERS, ...TEXT_CONVERTERS]);
export const EDITORS_BY_NAME: ReadonlyMap<string, Editor> = byName([...EDITORS, ...METRIC_EDITORS]);
