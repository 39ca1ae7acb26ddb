import { expect, test } from "vitest";
import { NEVER } from "../lib/abort.ts";
import { registry } from "../registry.ts";
import { loadConfig } from "./load-config.ts";

async function problemsOf({ options = "{}", extensions = "", running = "" }) {
  const text = `
receivers: { otlp: { protocols: { http: ${options} } } }
exporters: { otlp_http: { endpoint: "http://127.0.0.1:4999", sending_queue: { storage: file_storage } } }
extensions: { file_storage: , ${extensions} }
service:
  extensions: [file_storage, ${running}]
  pipelines: { metrics: { receivers: [otlp], exporters: [otlp_http] } }
`;
  const readFile = () => Promise.reject(new Error("no files here"));
  const { problems } = await loadConfig(
    { registry, environment: {}, configs: [{ name: "test", text }], sets: [], readFile },
    NEVER,
  );
  return problems.filter(({ code }) => code === "undefined_reference");
}

const AUTH = "{ auth: { authenticator: bearer_token_auth/ours } }";
const TOKENS = "bearer_token_auth/ours: { filename: tokens }";

test("an option may name an extension that runs", async () => {
  expect(await problemsOf({ options: AUTH, extensions: TOKENS, running: "bearer_token_auth/ours" })).toEqual([]);
});

test("one that is not defined is a mistake, with the one that was meant", async () => {
  const [problem, ...others] = await problemsOf({
    options: "{ auth: { authenticator: bearer_token_auth/our } }",
    extensions: TOKENS,
    running: "bearer_token_auth/ours",
  });
  expect(others).toEqual([]);
  expect(problem).toMatchObject({
    severity: "error",
    message: "the receiver otlp refers to the extension bearer_token_auth/our, which is not defined",
    suggestion: "bearer_token_auth/ours",
  });
});

test("one that is defined and does not run is a mistake as well", async () => {
  expect(await problemsOf({ options: AUTH, extensions: TOKENS })).toEqual([
    expect.objectContaining({
      message:
        "the receiver otlp refers to the extension bearer_token_auth/ours, which service.extensions does not name",
      expected: "bearer_token_auth/ours in service.extensions",
    }),
  ]);
});
