import { isLoopback } from "../../lib/host.ts";

/** Where a node's name can come from. */
export type NodeNameOrigin = "token" | "query" | "path" | "peer";

/** What a request has that can name the GOST behind it. */
export interface NodeClues {
  /** The node of the token that it came with. */
  readonly tokenNode: string | undefined;
  readonly query: URLSearchParams | undefined;
  readonly path: string;
  /** `host:port` of the other end. */
  readonly peerAddress: string;
}

export type NodeName =
  | { readonly type: "named"; readonly name: string; readonly by: NodeNameOrigin | "default" }
  /** The token belongs to another node than the one that the URL names. */
  | { readonly type: "not_allowed"; readonly message: string }
  | { readonly type: "bad"; readonly message: string };

const NAME_LENGTH_MAX = 255;

/**
 * Who sent a request: the first of `from` that says so, else the default. A token's node is binding: it is taken
 * wherever `token` stands in the list, and a URL that names another is refused.
 */
export function nodeName(clues: NodeClues, from: readonly NodeNameOrigin[], defaultName: string): NodeName {
  for (const origin of from) {
    const name = nameFrom(origin, clues);
    if (name === undefined) continue;
    if (origin !== "peer" && !isNodeName(name)) {
      return {
        type: "bad",
        message: `a node's name has 1 to ${NAME_LENGTH_MAX} characters, none of them a control character or a space at an end`,
      };
    }
    if (clues.tokenNode === undefined) return { type: "named", name, by: origin };
    if ((origin === "query" || origin === "path") && name !== clues.tokenNode) {
      return { type: "not_allowed", message: `this token belongs to another node than ${JSON.stringify(name)}` };
    }
  }
  if (clues.tokenNode !== undefined) return { type: "named", name: clues.tokenNode, by: "token" };
  return { type: "named", name: defaultName, by: "default" };
}

function nameFrom(origin: NodeNameOrigin, { tokenNode, query, path, peerAddress }: NodeClues): string | undefined {
  switch (origin) {
    case "token":
      return tokenNode;
    case "query":
      return query?.get("node") ?? undefined;
    case "path":
      return nameInPath(path);
    case "peer": {
      const host = peerHost(peerAddress);
      return host === "" || isLoopback(host) ? undefined : host;
    }
    default:
      return origin satisfies never;
  }
}

const NODE_PATH = "/observer/";

/** `/observer/NODE`, and no other path. What is not well encoded is a name that nobody can have. */
function nameInPath(path: string): string | undefined {
  if (!path.startsWith(NODE_PATH)) return undefined;
  const encoded = path.slice(NODE_PATH.length).replace(/\/$/, "");
  if (encoded === "" || encoded.includes("/")) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return "";
  }
}

/** Printable, well-formed and not endless: it becomes a label, a line in a log and a row in a store. */
export function isNodeName(name: string): boolean {
  return name.length <= NAME_LENGTH_MAX && /^[^\p{C}\p{Z}](?:[^\p{C}]*[^\p{C}\p{Z}])?$/u.test(name);
}

/**
 * The host of `host:port`, without brackets, and IPv4 in its own form where it came through an IPv6 socket. Empty for the
 * path of a socket.
 */
export function peerHost(address: string): string {
  if (address.startsWith("/")) return "";
  const host = address.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1] ?? host;
}
