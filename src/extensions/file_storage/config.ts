import * as z from "zod";
import { byteSize, duration, refuse } from "../../kit/fields.ts";

const MIB = 1024 * 1024;

export const config = z.strictObject({
  directory: z
    .string()
    .min(1)
    .default("./data")
    .describe("The folder that the store is in, for this agent alone; relative to the working directory."),
  create_directory: z.boolean().default(false).describe("Whether the folder is created where it is missing."),
  directory_permissions: permissions().describe("The mode of a folder that is created, in octal."),
  fsync: z
    .boolean()
    .default(true)
    .describe("Whether a commit waits for the disk itself. Without it a power failure can lose the last seconds."),
  timeout: duration(1000).describe("How long to wait for another agent to let go of the folder."),
  max_size: byteSize(1024 * MIB, { min: MIB }).describe(
    "How large the file may grow; beyond that reports are refused, and GOST keeps them.",
  ),
  on_corruption: z
    .enum(["set_aside", "fail"])
    .default("set_aside")
    .describe("What to do with a store that cannot be used: rename it and begin a new one, or not start."),
});

export type Config = z.output<typeof config>;

/** As `chmod` takes them: `0750`. Only modes that leave the owner everything: the agent itself has to get in. */
function permissions() {
  return z
    .string()
    .transform((text, context) => {
      const mode = /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : 0;
      if ((mode & 0o700) === 0o700) return mode;
      return refuse(context, "bad_permissions", "not the mode of a folder", "three octal digits such as 0750 or 0700");
    })
    .prefault("0750")
    .meta({ examples: ["0750", "0700"] });
}
