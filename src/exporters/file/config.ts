import * as z from "zod";
import { duration, folderMode } from "../../kit/fields.ts";
import { sendFields } from "../../kit/send/config.ts";

export const config = z.strictObject({
  path: z.string().min(1).describe("The file that is written."),
  create_directory: z.boolean().default(false).describe("Whether the file's folder is created where it is missing."),
  directory_permissions: folderMode("0755").describe("The mode of a folder that is created, in octal, less the umask."),
  format: z
    .enum(["json", "proto"])
    .default("json")
    .describe("OTLP as a line of JSON for each request, or as protobuf."),
  compression: z.enum(["none", "zstd"]).default("none").describe("How each request is compressed."),
  append: z
    .boolean()
    .default(true)
    .describe("Whether a start goes on with the file that is there; otherwise that becomes a backup."),
  flush_interval: duration(1000).describe("How often what was written is forced to the disk; 0: with every request."),
  rotation: z
    .strictObject({
      max_megabytes: z.int().min(1).default(100).describe("A file that would get larger becomes a backup."),
      max_days: z.int().min(0).default(0).describe("Backups that are older are deleted; 0: none for its age."),
      max_backups: z.int().min(0).default(100).describe("So many backups are kept, the newest; 0: all."),
      localtime: z.boolean().default(false).describe("Whether the times in their names are local ones; UTC otherwise."),
    })
    .prefault({})
    .describe("When the file is put aside, and how long."),
  ...sendFields(30_000),
});

export type Config = z.output<typeof config>;
