import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { refuse, secret } from "../../kit/fields.ts";
import { parseHtpasswd } from "./htpasswd.ts";

export const configSchema = z.strictObject({
  client_auth: z
    .strictObject({
      username: z
        .string()
        .min(1)
        .transform((name, context) =>
          name.includes(":") ? refuse(context, "bad_format", "a colon ends the name", "a name without a colon") : name,
        )
        .optional()
        .describe("The name, without a colon."),
      username_file: z.string().min(1).optional().describe("A file that holds it, read again when it changes."),
      password: secret().optional().describe("The password."),
      password_file: z.string().min(1).optional().describe("A file that holds it, read again when it changes."),
    })
    .optional()
    .describe("Who the exporters are that name this extension."),
  htpasswd: z
    .strictObject({
      file: z.string().min(1).optional().describe("A file as `htpasswd` keeps it, read again when it changes."),
      inline: secret()
        .transform((lines, context) => {
          try {
            parseHtpasswd(lines.reveal());
            return lines;
          } catch (error) {
            const { message } = error as Error;
            return refuse(context, "bad_format", message, "lines of name:password, as htpasswd writes them");
          }
        })
        .optional()
        .describe("The same as text; where both have a name, this one counts."),
    })
    .optional()
    .describe("Whom the receivers let in that name this extension."),
});

export type Config = z.output<typeof configSchema>;
export type ClientConfig = NonNullable<Config["client_auth"]>;
export type ServerConfig = NonNullable<Config["htpasswd"]>;

export function checkConfig({ client_auth: client, htpasswd }: Config): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const wrong = (path: readonly string[], code: string, message: string, expected: string) =>
    problems.push({ severity: "error", path, code, message, expected });
  if (client === undefined && htpasswd === undefined) {
    wrong([], "missing_option", "nobody is named", "client_auth or htpasswd");
  }
  if (client !== undefined && htpasswd !== undefined) {
    wrong(["htpasswd"], "exclusive_options", "both client_auth and htpasswd are given", "an extension for each");
  }
  if (htpasswd !== undefined && htpasswd.file === undefined && htpasswd.inline === undefined) {
    wrong(["htpasswd"], "missing_option", "nobody would be let in", "file or inline");
  }
  for (const name of client === undefined ? [] : (["username", "password"] as const)) {
    const [text, file] = [client![name], client![`${name}_file`]];
    const expected = `${name} or ${name}_file`;
    if (text === undefined && file === undefined) {
      wrong(["client_auth"], "missing_option", `the ${name} is missing`, expected);
    } else if (text !== undefined && file !== undefined) {
      wrong(["client_auth", `${name}_file`], "exclusive_options", `${name} is given as well`, expected);
    }
  }
  return problems;
}
