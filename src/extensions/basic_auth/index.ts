import { CLIENT_AUTHENTICATOR, type ClientAuthenticator } from "../../component/capabilities.ts";
import { defineExtension } from "../../component/define.ts";
import { configSchema } from "./config.ts";

export const basicAuthExtension = defineExtension({
  type: "basic_auth",
  aliases: ["basicauth"],
  summary: "Puts a name and a password into the requests of exporters that name it.",
  stability: "beta",
  config: configSchema,
  create({ client_auth: { username, password } }) {
    const authenticator: ClientAuthenticator = {
      headers: async () => ({
        // RFC 7617, with its charset of choice.
        authorization: `Basic ${Buffer.from(`${username}:${password.reveal()}`, "utf8").toString("base64")}`,
      }),
    };
    return { provides: new Map([[CLIENT_AUTHENTICATOR.name, authenticator]]) };
  },
});
