import { Agent, type IncomingMessage, request as plainRequest } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import {
  type HttpAnswer,
  type HttpClient,
  type HttpClientOptions,
  type HttpRequest,
  TransportError,
} from "../../component/transport.ts";
import type { Clock } from "../../lib/clock.ts";
import { TlsContext } from "./tls-context.ts";
import { transportError } from "./transport-failure.ts";

/** Requests over Node's HTTP/1.1, on connections that are kept. */
export function httpClient(options: HttpClientOptions, clock: Clock): HttpClient {
  const { connectionsMax, idleTimeoutMs, answerBytesMax } = options;
  const keep = { keepAlive: true, maxSockets: connectionsMax, maxFreeSockets: connectionsMax, timeout: idleTimeoutMs };
  const tls = options.tls === undefined ? undefined : new TlsContext(options.tls, clock);
  let plainAgent: Agent | undefined;
  let secureAgent: SecureAgent | undefined;
  let generation = -1;

  async function agentFor(url: URL, signal: AbortSignal): Promise<Agent> {
    if (url.protocol === "http:") {
      plainAgent ??= new Agent(keep);
      return plainAgent;
    }
    const context = await (tls ?? systemTls(clock)).current(signal);
    if (secureAgent === undefined || generation !== context.generation) {
      secureAgent?.destroy();
      secureAgent = new SecureAgent({ ...keep, ...context.options });
      generation = context.generation;
    }
    return secureAgent;
  }

  return {
    async request({ method, url, headers, body }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
      signal.throwIfAborted();
      const usedAgent = await agentFor(url, signal);
      const send = url.protocol === "http:" ? plainRequest : secureRequest;
      const length = { "content-length": String(body.byteLength) };
      return await new Promise<HttpAnswer>((resolve, reject) => {
        const fail = (thrown: unknown) => reject(signal.aborted ? signal.reason : transportError(thrown, url.host));
        const request = send(url, { method, agent: usedAgent, headers: { ...headers, ...length }, signal });
        request.on("error", fail);
        request.on("response", (answer) => wholeAnswer(answer, answerBytesMax).then(resolve, fail));
        request.end(body);
      });
    },
    close() {
      plainAgent?.destroy();
      secureAgent?.destroy();
      plainAgent = undefined;
      secureAgent = undefined;
    },
  };
}

/** What the system trusts. */
function systemTls(clock: Clock): TlsContext {
  return new TlsContext(
    { includeSystemCas: true, insecureSkipVerify: false, minVersion: "TLSv1.2", reloadIntervalMs: 0 },
    clock,
  );
}

async function wholeAnswer(answer: IncomingMessage, bytesMax: number): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bytesMax) break; // That ends the connection: what is said in the headers will do.
  }
  if (bytes <= bytesMax && !answer.complete) throw new TransportError("TRUNCATED", "the answer ended too early");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = typeof value === "string" ? value : (value[0] ?? "");
  }
  return { status: answer.statusCode!, headers, body: Buffer.concat(chunks, Math.min(bytes, bytesMax)) };
}
