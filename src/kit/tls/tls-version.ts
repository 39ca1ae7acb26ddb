import * as z from "zod";

/** As text, or as the number that YAML makes of it without quotes. */
export function tlsVersion() {
  return z
    .union([z.enum(["1.2", "1.3"]), z.literal([1.2, 1.3])])
    .transform((version) => (Number(version) === 1.2 ? ("TLSv1.2" as const) : ("TLSv1.3" as const)));
}
