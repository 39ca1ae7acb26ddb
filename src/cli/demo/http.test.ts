import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NEVER } from "../../lib/abort.ts";
import { Fate } from "../../simulate/books.ts";
import { dialReceiver, freePort, scrape } from "./http.ts";

const OBSERVER = { type: "http", target: "/observer?node=edge-1", token: "s3cret" } as const;

interface Seen {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

let server: Server;
let seen: Seen[];
let ends: Promise<"clean" | "reset">[];

beforeEach(async () => {
  seen = [];
  ends = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      seen.push({ url: request.url, authorization: request.headers.authorization, body });
      response.writeHead(request.url === "/refuse" ? 503 : 200);
      response.end(request.url === "/refuse" ? "" : '{"ok":true}');
    });
  });
  server.on("connection", (socket: Socket) => {
    ends.push(new Promise((resolve) => socket.on("close", (hadError) => resolve(hadError ? "reset" : "clean"))));
  });
  server.on("clientError", (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const address = () => ({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });

test("sends reports over one connection that it keeps, and ends it cleanly", async () => {
  const connection = dialReceiver(address(), OBSERVER, () => false);
  expect(await connection.request('{"events":[1]}', new Fate())).toEqual({ status: 200, body: '{"ok":true}' });
  await connection.request('{"events":[2]}', new Fate());
  expect(seen).toEqual([
    { url: OBSERVER.target, authorization: "Bearer s3cret", body: '{"events":[1]}' },
    { url: OBSERVER.target, authorization: "Bearer s3cret", body: '{"events":[2]}' },
  ]);
  expect(connection.open).toBe(true);
  connection.close();
  expect(await Promise.all(ends)).toEqual(["clean"]);
});

test("a lost answer is a connection that is reset after the report was taken", async () => {
  const connection = dialReceiver(address(), OBSERVER, () => true);
  expect(await connection.request("{}", new Fate())).toEqual({ broken: true, taken: true });
  expect(connection.open).toBe(false);
  expect(seen).toHaveLength(1);
  expect(await ends[0]).toBe("reset");
});

test("a refusal is never lost, for nothing was taken", async () => {
  const connection = dialReceiver(address(), { ...OBSERVER, target: "/refuse" }, () => true);
  expect(await connection.request("{}", new Fate())).toEqual({ status: 503, body: "" });
  connection.close();
});

test("where nobody listens the report was not taken", async () => {
  const port = await freePort("127.0.0.1", 0);
  const connection = dialReceiver({ host: "127.0.0.1", port }, OBSERVER, () => false);
  expect(await connection.request("{}", new Fate())).toEqual({ broken: true, taken: false });
});

test("a connection that the agent ended is not open any more", async () => {
  const connection = dialReceiver(address(), OBSERVER, () => false);
  await connection.request("{}", new Fate());
  server.closeAllConnections();
  await ends[0];
  await expect.poll(() => connection.open).toBe(false);
});

test("a scrape is the text of a 200, and an error otherwise", async () => {
  expect(await scrape(address(), "/metrics", NEVER)).toBe('{"ok":true}');
  await expect(scrape(address(), "/refuse", NEVER)).rejects.toThrow("/refuse answered 503");
});

test("a port that is taken is passed over for a free one", async () => {
  const { port } = address();
  const other = await freePort("127.0.0.1", port);
  expect(other).not.toBe(port);
  expect(await freePort("127.0.0.1", other)).toBe(other);
});
