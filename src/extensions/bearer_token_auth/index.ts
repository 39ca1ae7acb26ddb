import { CLIENT_AUTHENTICATOR, type ClientAuthenticator, SERVER_AUTHENTICATOR } from "../../component/capabilities.ts";
import type { Extension } from "../../component/component.ts";
import { defineExtension } from "../../component/define.ts";
import { Secret } from "../../component/secret.ts";
import { WatchedText } from "../../kit/auth/watched-text.ts";
import { checkConfig, configSchema } from "./config.ts";
import { TokenCheck } from "./token-check.ts";

export const bearerTokenAuthExtension = defineExtension({
  type: "bearer_token_auth",
  aliases: ["bearertokenauth"],
  summary: "A bearer token: in the requests of exporters that name it, and asked for by receivers that do.",
  stability: "beta",
  config: configSchema,
  check: checkConfig,
  create({ token, tokens, filename, scheme, header }, { clock, log }): Extension {
    const name = header.toLowerCase();
    const check = new TokenCheck(name, scheme);
    let sent: Secret | undefined;
    const use = (secrets: readonly Secret[]) => {
      sent = secrets[0];
      check.use(secrets);
    };
    use(filename !== undefined ? [] : token === undefined ? (tokens ?? []) : [token]);
    const file = filename && new WatchedText({ file: filename, clock, log, take: (text) => use(tokensIn(text)) });
    const client: ClientAuthenticator = {
      async headers() {
        if (sent === undefined) throw new Error(`there is no token yet in ${filename}`);
        return { [name]: scheme === "" ? sent.reveal() : `${scheme} ${sent.reveal()}` };
      },
    };
    return {
      provides: new Map<string, unknown>([
        [CLIENT_AUTHENTICATOR.name, client],
        [SERVER_AUTHENTICATOR.name, check],
      ]),
      async start(signal) {
        if (file) await file.start(signal);
      },
      async stop() {
        if (file) file.stop();
      },
    };
  },
});

/** A line each; throws where there is none, or one that no header can carry. */
function tokensIn(text: string): readonly Secret[] {
  const lines = text.split("\n").map((line) => line.trim());
  const tokens = lines.filter((line) => line !== "");
  if (tokens.length === 0) throw new Error("it holds no token");
  const bad = lines.findIndex((line) => !/^[\x20-\x7e]*$/.test(line));
  if (bad !== -1) throw new Error(`line ${bad + 1} holds what no header can carry`);
  return tokens.map((token) => new Secret(token));
}
