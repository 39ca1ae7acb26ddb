import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { componentRig } from "../../../test/contract/rig.ts";
import {
  CLIENT_AUTHENTICATOR,
  type ClientAuthenticator,
  SERVER_AUTHENTICATOR,
  type ServerAuthenticator,
} from "../../component/capabilities.ts";
import { NEVER } from "../../lib/abort.ts";
import { bearerTokenAuthExtension as definition } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "gostcol-bearer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function made(written: object) {
  const config = definition.config.parse(written);
  const { deps, clock } = componentRig(definition, config);
  const extension = definition.create(config, deps);
  const client = extension.provides!.get(CLIENT_AUTHENTICATOR.name) as ClientAuthenticator;
  const server = extension.provides!.get(SERVER_AUTHENTICATOR.name) as ServerAuthenticator;
  return {
    clock,
    extension,
    headers: () => client.headers(),
    /** Why a request with these headers is not let in. */
    denied: (headers: Readonly<Record<string, string>>) => server.denies((name) => headers[name])?.reason,
    server,
  };
}

test("requests carry the token, under the scheme and in the header that are asked for", async () => {
  expect(await made({ token: "abc" }).headers()).toEqual({ authorization: "Bearer abc" });
  expect(await made({ token: "abc", scheme: "", header: "X-Token" }).headers()).toEqual({ "x-token": "abc" });
  expect(await made({ tokens: ["one", "two"] }).headers()).toEqual({ authorization: "Bearer one" });
});

test("who presents one of the tokens is let in", () => {
  const { denied } = made({ tokens: ["one", "two"] });
  expect(denied({ authorization: "Bearer one" })).toBeUndefined();
  expect(denied({ authorization: "bearer  two" })).toBeUndefined();
  expect(denied({ authorization: "Bearer three" })).toBe("wrong_credentials");
  const own = made({ token: "abc", scheme: "", header: "X-Token" });
  expect(own.denied({ "x-token": "abc" })).toBeUndefined();
  expect(own.denied({ authorization: "Bearer abc" })).toBe("no_credentials");
});

test.each([
  [{}],
  [{ authorization: "" }],
  [{ authorization: "Bearer" }],
  [{ authorization: "Bearer " }],
  [{ authorization: "Basic abc" }],
  [{ authorization: "abc" }],
])("%o holds no token, and is told what is asked for", (headers: Record<string, string>) => {
  const { server } = made({ token: "abc" });
  const challenge = 'Bearer realm="gostcol"';
  expect(server.denies((name) => headers[name])).toMatchObject({ reason: "no_credentials", challenge });
});

test("a file holds a token in each line, and is read again when it changes", async () => {
  const filename = join(folder, "tokens");
  writeFileSync(filename, "one\n\ntwo\n");
  const { extension, clock, denied, headers } = made({ filename });
  expect(denied({ authorization: "Bearer one" })).toBe("wrong_credentials");
  await expect(headers()).rejects.toThrow("no token yet");
  await extension.start!(NEVER);
  expect(denied({ authorization: "Bearer two" })).toBeUndefined();
  expect(await headers()).toEqual({ authorization: "Bearer one" });
  writeFileSync(filename, "three");
  clock.advance(5_000);
  await expect.poll(() => denied({ authorization: "Bearer three" })).toBeUndefined();
  expect(denied({ authorization: "Bearer two" })).toBe("wrong_credentials");
  expect(await headers()).toEqual({ authorization: "Bearer three" });
  await extension.stop!(NEVER);
});

test.each([
  ["", "it holds no token"],
  ["good\nb\u0000d\n", "line 2 holds what no header can carry"],
])("a file of %o ends the start: %s", async (text, message) => {
  const filename = join(folder, "bad");
  writeFileSync(filename, text);
  await expect(made({ filename }).extension.start!(NEVER)).rejects.toThrow(message);
});

test.each([{ token: "" }, { token: "a\r\nHost: b" }, { token: "a", header: "a b" }, { token: "a", scheme: "a\n" }])(
  "what no header can carry is a mistake: %o",
  (config) => expect(definition.config.safeParse(config).success).toBe(false),
);

test.each([
  [{}, "missing_option"],
  [{ token: "a", tokens: ["b"] }, "exclusive_options"],
  [{ token: "a", filename: "b" }, "no_effect"],
])("%o is told: %s", (config, code) => {
  expect(definition.check!(definition.config.parse(config)).map((problem) => problem.code)).toEqual([code]);
});

test("no message has the token in it", () => {
  expect(JSON.stringify(definition.config.safeParse({ token: "top\nsecret" }))).not.toContain("top");
  expect(JSON.stringify(definition.config.parse({ token: "hidden-one" }))).not.toContain("hidden-one");
});
