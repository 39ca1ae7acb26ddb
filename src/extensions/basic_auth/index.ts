import { CLIENT_AUTHENTICATOR, type ClientAuthenticator, SERVER_AUTHENTICATOR } from "../../component/capabilities.ts";
import type { Deps, Extension } from "../../component/component.ts";
import { defineExtension } from "../../component/define.ts";
import { WatchedText } from "../../kit/auth/watched-text.ts";
import { type ClientConfig, checkConfig, configSchema, type ServerConfig } from "./config.ts";
import { parseHtpasswd } from "./htpasswd.ts";
import { PasswordCheck } from "./password-check.ts";

export const basicAuthExtension = defineExtension({
  type: "basic_auth",
  aliases: ["basicauth"],
  summary: "A name and a password: in the requests of exporters that name it, or asked for by receivers that do.",
  stability: "beta",
  config: configSchema,
  check: checkConfig,
  create({ client_auth, htpasswd }, deps) {
    return htpasswd === undefined ? clientSide(client_auth ?? {}, deps) : serverSide(htpasswd, deps);
  },
});

function clientSide(config: ClientConfig, { clock, log }: Deps): Extension {
  let username = config.username ?? "";
  let password = config.password?.reveal() ?? "";
  const watch = (file: string | undefined, take: (text: string) => void) =>
    file === undefined ? [] : [new WatchedText({ file, clock, log, take: (text) => take(text.trim()) })];
  const files = [
    ...watch(config.username_file, (text) => {
      if (text === "" || text.includes(":")) throw new Error("it does not hold a name without a colon");
      username = text;
    }),
    ...watch(config.password_file, (text) => {
      password = text;
    }),
  ];
  const authenticator: ClientAuthenticator = {
    headers: async () => ({
      // RFC 7617, with its charset of choice.
      authorization: `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`,
    }),
  };
  return { provides: new Map([[CLIENT_AUTHENTICATOR.name, authenticator]]), ...life(files) };
}

function serverSide({ file, inline }: ServerConfig, { clock, log, random }: Deps): Extension {
  const inlineUsers = parseHtpasswd(inline?.reveal() ?? "");
  const check = new PasswordCheck(clock, random.hex(16));
  check.use(inlineUsers);
  const take = (text: string) => check.use(new Map([...parseHtpasswd(text), ...inlineUsers]));
  const files = file === undefined ? [] : [new WatchedText({ file, clock, log, take })];
  return { provides: new Map([[SERVER_AUTHENTICATOR.name, check]]), ...life(files) };
}

function life(files: readonly WatchedText[]): Pick<Extension, "start" | "stop"> {
  return {
    async start(signal) {
      for (const file of files) await file.start(signal);
    },
    async stop() {
      for (const file of files) file.stop();
    },
  };
}
