import { expect, test } from "vitest";
import { componentRig } from "../../../test/contract/rig.ts";
import { CLIENT_AUTHENTICATOR, type ClientAuthenticator } from "../../component/capabilities.ts";
import { bearerTokenAuthExtension as definition } from "./index.ts";

function headersWith(config: object) {
  const { deps } = componentRig(definition, definition.config.parse({ token: "t" }));
  const extension = definition.create(definition.config.parse(config), deps);
  return (extension.provides!.get(CLIENT_AUTHENTICATOR.name) as ClientAuthenticator).headers();
}

test("requests carry the token, under the scheme and in the header that are asked for", async () => {
  expect(await headersWith({ token: "abc" })).toEqual({ authorization: "Bearer abc" });
  expect(await headersWith({ token: "abc", scheme: "", header: "X-Token" })).toEqual({ "x-token": "abc" });
});

test.each([{ token: "" }, { token: "a\r\nHost: b" }, { token: "a", header: "a b" }, { token: "a", scheme: "a\n" }, {}])(
  "what no header can carry is a mistake: %o",
  (config) => expect(definition.config.safeParse(config).success).toBe(false),
);

test("no message has the token in it", () => {
  expect(JSON.stringify(definition.config.safeParse({ token: "top\nsecret" }))).not.toContain("top");
  expect(JSON.stringify(definition.config.parse({ token: "hidden-one" }))).not.toContain("hidden-one");
});
