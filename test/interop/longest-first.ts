import { basename } from "node:path";
import type { TestSequencerConstructor, TestSpecification } from "vitest/node";

/** The files that take minutes; each of the others is done within one. */
const LONGEST = [
  "collector-kills.test.ts",
  "silence.test.ts",
  "broken-network.test.ts",
  "presence.test.ts",
  "lost-answers.test.ts",
  "agent-kills.test.ts",
  "full-disk.test.ts",
];

/** Begins with what takes longest, so that no worker is left alone with it at the end. */
export const LongestFirst: TestSequencerConstructor = class {
  shard(files: TestSpecification[]): TestSpecification[] {
    return files;
  }

  sort(files: TestSpecification[]): TestSpecification[] {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.indexOf(basename(moduleId));
      return place < 0 ? LONGEST.length : place;
    };
    return files.toSorted((left, right) => rank(left) - rank(right));
  }
};
