import { stripVTControlCharacters } from "node:util";
import { beforeEach } from "vitest";

/** The report of a test that succeeded when it was tried again says nothing of why it had to be, so that is said at once. */
beforeEach(({ task, onTestFailed }) => {
  onTestFailed(() => {
    const { retryCount = 0, errors = [] } = task.result ?? {};
    const reasons = errors.map(({ stack, message, diff }) => `${ownLines(stack ?? message)}\n${diff ?? ""}`);
    // biome-ignore lint/suspicious/noConsole: this is where a person looks when a test failed.
    console.error(`--- attempt ${retryCount + 1} of "${task.name}": ${stripVTControlCharacters(reasons.join("\n"))}`);
  });
});

function ownLines(stack: string): string {
  return stack
    .split("\n")
    .filter((line) => !line.includes("/node_modules/"))
    .join("\n");
}
