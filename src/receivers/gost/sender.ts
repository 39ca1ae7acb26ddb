import type { ServerConnection, ServerRequest } from "../../component/server.ts";
import { bearerOf, bearerTokens } from "../../kit/auth/bearer-tokens.ts";
import type { Verdict } from "./answers.ts";
import { type Config, isTemporality, type Temporality } from "./config.ts";
import type { DefaultName } from "./default-name.ts";
import { nodeName } from "./node-name.ts";

/** Who sent a request, and what its URL or token tells of all that it sends. */
export interface Sender {
  readonly node: string;
  /** Whether somebody gave it that name, or it is called by its address or by the default name. */
  readonly named: boolean;
  readonly hasDefaultName: boolean;
  /** Absent where the mode of its byte counts has to be judged. */
  readonly told?: Exclude<Temporality, "auto">;
  /** A name for its process's life. */
  readonly epoch?: string;
}

export interface SenderRules {
  /** What belongs to the first of these texts that is a token of ours; undefined when none is. */
  readonly admit: (presented: readonly string[]) => Token | undefined;
  readonly nodeFrom: Config["node"]["from"];
  readonly temporality: Temporality;
  readonly defaultName: Pick<DefaultName, "name">;
}

type Token = Pick<Config["auth"]["tokens"][number], "node" | "temporality">;

const ANYBODY: Token = {};

/** Where no tokens are configured, everybody is let in. */
export function admission({ tokens }: Config["auth"]): SenderRules["admit"] {
  if (tokens.length === 0) return () => ANYBODY;
  const ours = bearerTokens(tokens.map((entry) => ({ token: entry.token, value: entry })));
  return (presented) => {
    for (const text of presented) {
      const found = ours.match(text);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** Tells senders from their requests. Those of one connection say the same time and again, so that it is remembered. */
export class Senders {
  readonly #rules: SenderRules;
  readonly #last = new WeakMap<ServerConnection, Identified>();

  constructor(rules: SenderRules) {
    this.#rules = rules;
  }

  identify(request: ServerRequest): Sender | Verdict {
    const { connection, path, query } = request;
    const authorization = request.header("authorization");
    const token = request.header("token");
    const last = this.#last.get(connection);
    if (last?.path === path && last.query === query && last.authorization === authorization && last.token === token) {
      return last.sender;
    }
    const sender = identify(request, this.#rules);
    this.#last.set(connection, { path, query, authorization, token, sender });
    return sender;
  }
}

/** What a request said of its sender, and who that is. */
interface Identified {
  readonly path: string;
  readonly query: string;
  readonly authorization: string | undefined;
  readonly token: string | undefined;
  readonly sender: Sender | Verdict;
}

const EPOCH_LENGTH_MAX = 255;

function identify(request: ServerRequest, rules: SenderRules): Sender | Verdict {
  // gRPC calls have no query: everything that they tell is in their token.
  const query = request.query === "" ? undefined : new URLSearchParams(request.query);
  const token = rules.admit(presentedTokens(request, query));
  if (token === undefined) {
    return { outcome: "unauthenticated", reason: "bad_token", message: "a valid token is needed here" };
  }
  const name = nodeName(
    { tokenNode: token.node, query, path: request.path, peerAddress: request.connection.peer.address },
    rules.nodeFrom,
    rules.defaultName.name,
  );
  if (name.type === "not_allowed") {
    return { outcome: "unauthenticated", reason: "wrong_node", message: name.message };
  }
  if (name.type === "bad") return { outcome: "malformed", reason: "bad_node", message: name.message };
  const temporality = query?.get("temporality") ?? token.temporality ?? rules.temporality;
  if (!isTemporality(temporality)) {
    return { outcome: "malformed", reason: "bad_temporality", message: "temporality is delta, cumulative or auto" };
  }
  const epoch = query?.get("epoch") ?? "";
  if (epoch.length > EPOCH_LENGTH_MAX) {
    return {
      outcome: "malformed",
      reason: "bad_epoch",
      message: `an epoch has at most ${EPOCH_LENGTH_MAX} characters`,
    };
  }
  return {
    node: name.name,
    named: name.by !== "peer" && name.by !== "default",
    hasDefaultName: name.by === "default",
    ...(temporality === "auto" ? {} : { told: temporality }),
    ...(epoch === "" ? {} : { epoch }),
  };
}

/** GOST's observers send their token in one of these ways, by protocol and age; people put it into the URL as well. */
function presentedTokens(request: ServerRequest, query: URLSearchParams | undefined): readonly string[] {
  const bearer = bearerOf(request.header("authorization"));
  const metadata = request.protocol === "grpc" ? request.header("token") : undefined;
  return [bearer, metadata, query?.get("token")].filter((token) => typeof token === "string");
}
