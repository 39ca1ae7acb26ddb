import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/interop/harness/temporary-folder.ts";
import { readTextFile } from "./system-files.ts";

test("a file is read as text", async () => {
  const file = join(await temporaryFolder("files"), "text");
  await writeFile(file, "größer\n");
  expect(await readTextFile(file)).toBe("größer\n");
});

test("of a file without an end the beginning is read", async () => {
  expect(await readTextFile("/dev/zero")).toHaveLength(16 * 1024 ** 2);
});

test("what cannot be read is said with the system's code", async () => {
  await expect(readTextFile("/no/such/file")).rejects.toMatchObject({ code: "ENOENT" });
  await expect(readTextFile("/")).rejects.toMatchObject({ code: "EISDIR" });
  await expect(readTextFile("/dev/zero", AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
});
