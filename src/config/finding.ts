import type { Range } from "./source.ts";

/** The problems that the configuration itself can have; components add their own. All are explained in docs/errors.md. */
export const PROBLEM_CODES = [
  "address_conflict",
  "ambiguous_id",
  "bad_format",
  "bad_id",
  "bad_key",
  "bad_pipeline_id",
  "bad_set",
  "bad_substitution",
  "circular_alias",
  "connector_one_sided",
  "cycle",
  "deprecated_component",
  "deprecated_option",
  "duplicate_key",
  "duplicate_reference",
  "empty_configuration",
  "empty_pipeline",
  "exposed_endpoint",
  "file_conflict",
  "invalid_value",
  "missing_option",
  "no_pipelines",
  "out_of_range",
  "own_receiver_loop",
  "plain_secret",
  "processor_order",
  "syntax_error",
  "too_large",
  "undefined_reference",
  "unknown_alias",
  "unknown_component",
  "unknown_option",
  "unknown_tag",
  "unreadable_source",
  "unset_variable",
  "unsupported_signal",
  "unused_component",
  "unused_set",
  "wrong_type",
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** A problem before it is shown: it still points into its source, whose text may hold secrets. */
export interface Finding {
  readonly severity: "error" | "warning";
  /** A `ProblemCode`, or one that a component gave. */
  readonly code: string;
  /** What was found; never with a secret. */
  readonly message: string;
  readonly expected?: string;
  readonly suggestion?: string;
  readonly range: Range;
}

type Details = Pick<Finding, "expected" | "suggestion">;

export function error(code: ProblemCode, range: Range, message: string, details: OptionalDetails = {}): Finding {
  return finding("error", code, range, message, details);
}

export function warning(code: ProblemCode, range: Range, message: string, details: OptionalDetails = {}): Finding {
  return finding("warning", code, range, message, details);
}

/** As `Details`, but an absent detail may also be given as undefined. */
type OptionalDetails = { readonly [K in keyof Details]: Details[K] | undefined };

export function finding(
  severity: Finding["severity"],
  code: string,
  range: Range,
  message: string,
  { expected, suggestion }: OptionalDetails,
): Finding {
  return {
    severity,
    code,
    message,
    range,
    ...(expected !== undefined && { expected }),
    ...(suggestion !== undefined && { suggestion }),
  };
}
