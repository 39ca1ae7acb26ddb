import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { componentRig } from "../../../test/contract/rig.ts";
import {
  CLIENT_AUTHENTICATOR,
  type ClientAuthenticator,
  SERVER_AUTHENTICATOR,
  type ServerAuthenticator,
} from "../../component/capabilities.ts";
import type { Extension } from "../../component/component.ts";
import { NEVER } from "../../lib/abort.ts";
import { basicAuthExtension as definition } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "gostcol-basic-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function made(written: object) {
  const config = definition.config.parse(written);
  const { deps, clock } = componentRig(definition, config);
  const extension: Extension = definition.create(config, deps);
  return { config, clock, extension, provides: extension.provides! };
}

const problems = (written: object) => definition.check!(definition.config.parse(written)).map(({ code }) => code);

describe("for exporters", () => {
  const headersOf = (provides: ReadonlyMap<string, unknown>) =>
    (provides.get(CLIENT_AUTHENTICATOR.name) as ClientAuthenticator).headers();

  test("requests carry name and password, in UTF-8, and nothing else shows the password", async () => {
    const { config, provides } = made({ client_auth: { username: "gost", password: "p:ä" } });
    expect(await headersOf(provides)).toEqual({ authorization: "Basic Z29zdDpwOsOk" });
    expect(JSON.stringify(config)).not.toContain("p:ä");
  });

  test("both may come from files, which are read again when they change", async () => {
    const [name, password] = [join(folder, "name"), join(folder, "password")];
    writeFileSync(name, "gost\n");
    writeFileSync(password, "one\n");
    const { clock, extension, provides } = made({ client_auth: { username_file: name, password_file: password } });
    await extension.start!(NEVER);
    const sent = () => headersOf(provides);
    expect(await sent()).toEqual({ authorization: `Basic ${btoa("gost:one")}` });
    writeFileSync(password, "two\n");
    clock.advance(5_000);
    await expect.poll(sent).toEqual({ authorization: `Basic ${btoa("gost:two")}` });
    await extension.stop!(NEVER);
  });
});

describe("for receivers", () => {
  const serving = (written: object) => {
    const { provides, ...rest } = made(written);
    const authenticator = provides.get(SERVER_AUTHENTICATOR.name) as ServerAuthenticator;
    const denied = (authorization: string | undefined) =>
      authenticator.denies((name) => (name === "authorization" ? authorization : undefined));
    const reason = (credentials: string) => denied(`Basic ${Buffer.from(credentials).toString("base64")}`)?.reason;
    return { ...rest, denied, reason };
  };

  const USERS = `
# those of the edge
edge-1:$apr1$abCD12xy$G8L6RGR4Hd7qnzRioSo7s1
edge-2:p:ä
`;

  test("who presents a name with its own password is let in, again and again", () => {
    const { reason } = serving({ htpasswd: { inline: USERS } });
    for (let time = 0; time < 50; time++) {
      expect(reason("edge-1:secret")).toBeUndefined();
      expect(reason("edge-2:p:ä")).toBeUndefined();
    }
  });

  test.each([
    ["edge-1:wrong"],
    ["edge-2:secret"],
    ["edge-3:secret"],
    [":secret"],
    ["edge-1"],
    ["edge-1:"],
    [`edge-1:${"x".repeat(5000)}`],
  ])("%s is not", (credentials) => {
    expect(serving({ htpasswd: { inline: USERS } }).reason(credentials)).toBe("wrong_credentials");
  });

  test.each([[undefined], [""], ["Bearer abc"], ["Basic"], ["Basic ???"]])(
    "%o holds no credentials, and is told what is asked for",
    (header) => {
      const denial = serving({ htpasswd: { inline: USERS } }).denied(header);
      expect(denial).toMatchObject({ reason: "no_credentials", challenge: expect.stringContaining("Basic realm=") });
    },
  );

  test("who guesses makes nobody wait, and those who were let in before stay so", () => {
    const { reason, denied, clock } = serving({ htpasswd: { inline: USERS } });
    expect(reason("edge-1:secret")).toBeUndefined();
    const guesses = Array.from({ length: 20 }, (_, guess) => reason(`edge-1:${guess}`));
    expect(guesses.filter((each) => each === "wrong_credentials")).toHaveLength(10);
    expect(guesses.filter((each) => each === "too_many_guesses")).toHaveLength(10);
    expect(reason("edge-1:secret")).toBeUndefined();
    // Its password may be right: it shall come again.
    expect(denied(`Basic ${btoa("edge-2:x")}`)).not.toHaveProperty("challenge");
    clock.advance(1_000);
    expect(reason("edge-2:p:ä")).toBeUndefined();
  });

  test("a file that changes is read again; a password that was taken back lets nobody in", async () => {
    const file = join(folder, "users");
    writeFileSync(file, "edge-1:one\nedge-3:three");
    const { reason, clock, extension } = serving({ htpasswd: { file, inline: "edge-3:inline" } });
    await extension.start!(NEVER);
    expect([reason("edge-1:one"), reason("edge-3:inline")]).toEqual([undefined, undefined]);
    writeFileSync(file, "edge-1:two");
    clock.advance(5_000);
    await expect.poll(() => reason("edge-1:two")).toBeUndefined();
    expect([reason("edge-1:one"), reason("edge-3:inline")]).toEqual(["wrong_credentials", undefined]);
    await extension.stop!(NEVER);
  });

  test("a file that cannot be used ends the start, without a word of what is in it", async () => {
    const file = join(folder, "bad");
    writeFileSync(file, "edge-1:one\nnonsense");
    await expect(made({ htpasswd: { file } }).extension.start!(NEVER)).rejects.toThrow(
      /bad: line 2 is not name:password$/,
    );
  });

  test("lines that are wrong are mistakes of the configuration, and not shown", () => {
    const result = definition.config.safeParse({ htpasswd: { inline: "edge-1:$2y$10$topsecret" } });
    expect(result.success).toBe(false);
    expect(JSON.stringify(result)).toContain("bcrypt");
    expect(JSON.stringify(result)).not.toContain("topsecret");
  });
});

test.each([
  [{}, "missing_option"],
  [{ client_auth: { username: "x" } }, "missing_option"],
  [{ client_auth: { username: "x", username_file: "y", password: "z" } }, "exclusive_options"],
  [{ client_auth: { username: "x", password: "y" }, htpasswd: { inline: "a:b" } }, "exclusive_options"],
  [{ htpasswd: {} }, "missing_option"],
])("%o is a mistake: %s", (config, code) => {
  expect(problems(config)).toEqual([code]);
});

test.each([{ client_auth: { username: "", password: "x" } }, { client_auth: { username: "a:b", password: "x" } }])(
  "is not content with %o",
  (config) => expect(definition.config.safeParse(config).success).toBe(false),
);
