/** What is known of a mistake in a condition or statement, besides its sentence. */
export interface Mistake {
  /** Where it begins, in UTF-16 code units from the start of the text. */
  readonly offset: number;
  /** What would have been right, for "expected ...". */
  readonly expected?: string | undefined;
  /** The known name that was most likely meant. */
  readonly nearest?: string | undefined;
}

/** The text of a condition or statement is wrong. The only error that reading and checking one can throw. */
export class OttlError extends Error {
  override readonly name = "OttlError";
  readonly offset: number;
  readonly expected: string | undefined;
  readonly nearest: string | undefined;

  constructor(message: string, mistake: Mistake) {
    super(message);
    this.offset = mistake.offset;
    this.expected = mistake.expected;
    this.nearest = mistake.nearest;
  }
}

/**
 * A condition or statement met data that it cannot work with: a division by zero, a text where a map is needed. The only
 * error that running one can throw; what becomes of it is the `error_mode` of whoever runs it.
 */
export class EvaluationError extends Error {
  override readonly name = "EvaluationError";
}
