import { expect, test } from "vitest";
import { componentRig } from "../../../test/contract/rig.ts";
import { CLIENT_AUTHENTICATOR, type ClientAuthenticator } from "../../component/capabilities.ts";
import { basicAuthExtension as definition } from "./index.ts";

test("requests carry name and password, in UTF-8, and nothing else shows the password", async () => {
  const config = definition.config.parse({ client_auth: { username: "gost", password: "p:ä" } });
  const { deps } = componentRig(definition, config);
  const authenticator = definition.create(config, deps).provides!.get(CLIENT_AUTHENTICATOR.name) as ClientAuthenticator;
  expect(await authenticator.headers()).toEqual({ authorization: "Basic Z29zdDpwOsOk" });
  expect(JSON.stringify(config)).not.toContain("p:ä");
});

test.each([{}, { client_auth: { username: "", password: "x" } }, { client_auth: { username: "a:b", password: "x" } }])(
  "is not content with %o",
  (config) => expect(definition.config.safeParse(config).success).toBe(false),
);
