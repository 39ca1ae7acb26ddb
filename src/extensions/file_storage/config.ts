import * as z from "zod";
import { byteSize, duration, folderMode } from "../../kit/fields.ts";

const MIB = 1024 * 1024;

export const config = z.strictObject({
  directory: z
    .string()
    .min(1)
    .default("./data")
    .describe("The folder that the store is in, for this agent alone; relative to the working directory."),
  create_directory: z.boolean().default(false).describe("Whether the folder is created where it is missing."),
  directory_permissions: folderMode("0750").describe("The mode of a folder that is created, in octal."),
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
