import * as z from "zod";
import { refuse, secret } from "../../kit/fields.ts";

export const configSchema = z.strictObject({
  client_auth: z
    .strictObject({
      username: z
        .string()
        .min(1)
        .transform((name, context) =>
          name.includes(":") ? refuse(context, "bad_format", "a colon ends the name", "a name without a colon") : name,
        )
        .describe("The name, without a colon."),
      password: secret().describe("The password."),
    })
    .describe("Who the exporters are."),
});

export type Config = z.output<typeof configSchema>;
