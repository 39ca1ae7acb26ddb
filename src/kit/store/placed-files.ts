import { statSync } from "node:fs";

/** Open files, and whether they are still what stands at their paths: who removes or replaces one leaves it open here. */
export class PlacedFiles {
  readonly #identities: ReadonlyMap<string, string | undefined>;

  /** As they are now; one that is not there is in place as long as none is. */
  constructor(paths: readonly string[]) {
    this.#identities = new Map(paths.map((path) => [path, identityOf(path)]));
  }

  areInPlace(): boolean {
    for (const [path, identity] of this.#identities) {
      if (identityOf(path) !== identity) return false;
    }
    return true;
  }

  /** Of those that were there: the paths where they still are. */
  inPlace(): readonly string[] {
    return [...this.#identities.keys()].filter((path) => {
      const identity = this.#identities.get(path);
      return identity !== undefined && identityOf(path) === identity;
    });
  }
}

/** No other file has it as long as this one is open, removed or not. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}
