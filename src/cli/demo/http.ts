import http from "node:http";
import type { Socket } from "node:net";
import type { HttpConnection } from "../../simulate/http-pool.ts";
import type { ObserverAddress } from "../../simulate/network.ts";

/** The demo's way to the agent: real connections. One of the few files that may open one. */

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * A connection of a simulated GOST. When `loseAnswer` says so it is reset once the agent has answered with success, and
 * before the answer is read: the report was taken, and GOST does not know.
 */
export function dialReceiver(address: Address, observer: ObserverAddress, loseAnswer: () => boolean): HttpConnection {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  let open = true;
  let socket: Socket | undefined;
  return {
    get open() {
      return open;
    },
    request(body) {
      return new Promise((resolve) => {
        const request = http.request({
          ...address,
          agent,
          method: "POST",
          path: observer.target,
          headers: {
            "User-Agent": "Go-http-client/1.1",
            "Content-Type": "application/json",
            "Content-Length": Buffer.byteLength(body),
            ...(observer.token === undefined ? {} : { Authorization: `Bearer ${observer.token}` }),
          },
        });
        let taken = false;
        const broken = () => {
          open = false;
          resolve({ broken: true, taken });
        };
        request.on("error", broken);
        request.on("socket", (used) => {
          if (used === socket) return;
          socket = used;
          used.once("close", () => {
            open = false;
          });
        });
        request.on("response", (response) => {
          taken = response.statusCode === 200;
          if (taken && loseAnswer()) {
            response.socket.resetAndDestroy();
            broken();
            return;
          }
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk) => {
            text += chunk;
          });
          response.on("error", broken);
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
        });
        request.end(body);
      });
    },
    close() {
      open = false;
      agent.destroy();
    },
  };
}

/** The text that a scrape of this address gets; rejects where the status is not 200. */
export function scrape(address: Address, path: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ ...address, path, agent: false, signal }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${path} answered ${response.statusCode}`));
      });
    });
    request.on("error", reject);
  });
}

/** `preferred` where nobody listens there, else a port that the system chooses. */
export async function freePort(host: string, preferred: number): Promise<number> {
  try {
    return await listenOnce(host, preferred);
  } catch {
    return listenOnce(host, 0);
  }
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = http.createServer();
    server.on("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : port));
    });
  });
}
