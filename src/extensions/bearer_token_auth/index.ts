import { CLIENT_AUTHENTICATOR, type ClientAuthenticator } from "../../component/capabilities.ts";
import { defineExtension } from "../../component/define.ts";
import { configSchema } from "./config.ts";

export const bearerTokenAuthExtension = defineExtension({
  type: "bearer_token_auth",
  aliases: ["bearertokenauth"],
  summary: "Puts a bearer token into the requests of exporters that name it.",
  stability: "beta",
  config: configSchema,
  create({ token, scheme, header }) {
    const name = header.toLowerCase();
    const authenticator: ClientAuthenticator = {
      headers: async () => ({ [name]: scheme === "" ? token.reveal() : `${scheme} ${token.reveal()}` }),
    };
    return { provides: new Map([[CLIENT_AUTHENTICATOR.name, authenticator]]) };
  },
});
