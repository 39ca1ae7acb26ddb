import { expect, test } from "vitest";
import { agentRig, checkedConfig } from "../../../test/support/fake-agent.ts";
import { NEVER } from "../../lib/abort.ts";
import { registry } from "../../registry.ts";

/** Everything that can be asked for a password, each with an extension that asks. */
const configWith = (token: string) => `
receivers:
  otlp:
    protocols:
      grpc: { auth: { authenticator: bearer_token_auth } }
      http: { auth: { authenticator: basic_auth }, cors: { allowed_origins: ["https://app.example"] } }
exporters:
  prometheus: { auth: { authenticator: bearer_token_auth } }
extensions:
  bearer_token_auth: { token: ${token} }
  basic_auth: { htpasswd: { inline: "gost:secret" } }
  health_check: { auth: { authenticator: basic_auth } }
service:
  extensions: [bearer_token_auth, basic_auth, health_check]
  telemetry: { metrics: { level: none } }
  pipelines:
    metrics: { receivers: [otlp], exporters: [prometheus] }
`;

const BASIC = { authorization: `Basic ${btoa("gost:secret")}` };
const JSON_TYPE = { "content-type": "application/json" };

async function guardedAgent() {
  const rig = await agentRig(configWith("abc"), registry);
  await rig.agent.start(NEVER);
  const { network } = rig;
  return {
    ...rig,
    http: async (port: number, path: string, headers: Record<string, string>, method = "GET") =>
      (await network.server(port).connect().send({ method, path, headers, body: "{}" })).answer,
    grpc: async (headers: Record<string, string>) =>
      (await network.server(4317).connect({ protocol: "grpc" }).send({ headers })).answer,
    denied: (attributes: Record<string, string>) =>
      rig.agent.meters.total("gostcol_server_denied_requests", attributes),
  };
}

test("requests without credentials are not let in, in the words of each protocol, and counted", async () => {
  const { agent, http, grpc, denied } = await guardedAgent();
  expect(await http(4318, "/v1/metrics", JSON_TYPE, "POST")).toMatchObject({
    status: 401,
    headers: { "WWW-Authenticate": 'Basic realm="gostcol", charset="UTF-8"' },
  });
  expect(await http(4318, "/anything", {})).toMatchObject({ status: 401 });
  expect(await http(9464, "/metrics", {})).toMatchObject({ status: 401 });
  expect(await http(13133, "/", {})).toMatchObject({ status: 401 });
  expect(await grpc({})).toMatchObject({ status: 16, message: "a token is asked for" });
  expect(await grpc({ authorization: "Bearer wrong" })).toMatchObject({ status: 16 });
  expect(denied({ receiver: "otlp", transport: "http", reason: "no_credentials" })).toBe(2);
  expect(denied({ receiver: "otlp", transport: "grpc", reason: "wrong_credentials" })).toBe(1);
  expect(denied({ exporter: "prometheus" })).toBe(1);
  const requests = { receiver: "otlp", outcome: "denied" };
  expect(agent.meters.total("gostcol_receiver_otlp_requests", requests)).toBe(4);
  await agent.stop();
});

test("those with credentials are served as if nobody had asked", async () => {
  const { agent, http, grpc, denied } = await guardedAgent();
  expect(await http(4318, "/v1/metrics", { ...JSON_TYPE, ...BASIC }, "POST")).toMatchObject({ status: 200 });
  expect(await http(9464, "/metrics", { authorization: "Bearer abc" })).toMatchObject({ status: 200 });
  expect(await http(13133, "/", BASIC)).toMatchObject({ status: 200 });
  expect(await grpc({ authorization: "Bearer abc" })).not.toMatchObject({ status: 16 });
  expect(denied({})).toBe(0);
  await agent.stop();
});

test("however many are not let in, the log has a line in an interval", async () => {
  const { agent, http, logged } = await guardedAgent();
  for (let time = 0; time < 100; time++) await http(4318, "/v1/metrics", JSON_TYPE, "POST");
  expect(logged.filter(({ msg }) => String(msg).includes("not let in"))).toHaveLength(1);
  await agent.stop();
});

test("a browser may ask what it may send before it has credentials, and sees that they were wrong", async () => {
  const { agent, http } = await guardedAgent();
  const origin = { origin: "https://app.example" };
  const preflight = { ...origin, "access-control-request-method": "POST" };
  expect(await http(4318, "/v1/metrics", preflight, "OPTIONS")).toMatchObject({ status: 204 });
  expect(await http(4318, "/v1/metrics", { ...origin, ...JSON_TYPE }, "POST")).toMatchObject({
    status: 401,
    headers: { "Access-Control-Allow-Origin": "https://app.example" },
  });
  await agent.stop();
});

test("guesses that are too many are told to come again, not that they are wrong", async () => {
  const { agent, http } = await guardedAgent();
  const guess = (password: number) => http(13133, "/", { authorization: `Basic ${btoa(`gost:${password}`)}` });
  for (let time = 0; time < 10; time++) expect(await guess(time)).toMatchObject({ status: 401 });
  expect(await guess(11)).toMatchObject({ status: 503 });
  await agent.stop();
});

test("a reload that changes the tokens holds from then on", async () => {
  const { agent, http, grpc } = await guardedAgent();
  await agent.reload(await checkedConfig(configWith("new"), registry));
  expect(await grpc({ authorization: "Bearer abc" })).toMatchObject({ status: 16 });
  expect(await http(9464, "/metrics", { authorization: "Bearer new" })).toMatchObject({ status: 200 });
  await agent.stop();
});

test("who names an extension that lets nobody in does not start, and says why", async () => {
  const text = configWith("abc").replace(
    'htpasswd: { inline: "gost:secret" }',
    "client_auth: { username: a, password: b }",
  );
  const { agent } = await agentRig(text, registry);
  await expect(agent.start(NEVER)).rejects.toThrow(
    "extension basic_auth is not there, or provides no server_authenticator",
  );
});
