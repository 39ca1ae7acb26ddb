/** What the process ends with; told in the help and promised to scripts. */
export const EXIT = {
  ok: 0,
  /** Something went wrong while it ran. */
  failure: 1,
  /** The configuration or the command line is wrong. */
  usage: 2,
} as const;
