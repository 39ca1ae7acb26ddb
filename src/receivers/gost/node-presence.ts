import type { Source } from "../../model/series.ts";
import type { Introduction } from "./introduction.ts";
import type { Mixing } from "./mixing.ts";
import type { Node, Service } from "./node.ts";
import type { TransitionLog } from "./transition-log.ts";

export type Transport = "http" | "grpc";

/** What is known of one node's being there. All times are milliseconds of the monotonic clock, where nothing else is said. */
export interface Presence {
  readonly node: Node;
  standing: Standing;
  lastReportAt: number;
  /** The same in milliseconds since the epoch. */
  lastReportTime: number;
  /** The shortest time between two of its reports: at most its period. */
  periodMs: number;
  readonly channels: Readonly<Record<Transport, Channel>>;
  /** When its last connection ended, by its own doing; undefined while it has one. */
  lost: { readonly at: number; readonly over: Transport } | undefined;
  readonly introduction: Introduction;
  readonly mixing: Mixing;
  readonly log: TransitionLog;
}

/** `forgotten`: gone, or without a connection, for so long that nothing is said of it any more. */
export type Standing = "up" | "gone" | "forgotten";

/** One transport of a node. */
export interface Channel {
  readonly open: Set<Connection>;
  /** What reported over it since its connections were last gone. */
  sources: Set<Source>;
  /**
   * When they were last gone, with what had reported, while the node was connected otherwise; undefined once they are
   * back, or that was told, or the node was not connected at all: its process may be another one since.
   */
  lost: { readonly at: number; readonly sources: ReadonlySet<Source> } | undefined;
}

export interface Connection {
  readonly host: string;
  readonly transport: Transport;
  /** When its first report came. */
  readonly since: number;
  readonly presences: Set<Presence>;
}

/**
 * A node that lost its connections counts as gone when nothing came from it for this long: gRPC tries again after two
 * minutes at the latest, and a little more by chance.
 */
const GONE_AFTER_MS = 150_000;
/** ... or for this many of its periods, where that is longer. */
const GONE_AFTER_PERIODS = 3;
/** Without a report and without a connection, nothing is said of it from then on. */
const FORGOTTEN_AFTER_MS = 86_400_000;
/** Idle services are silent, so it takes long until silence says something. */
const QUIET_AFTER_MS = 3_600_000;

export function isConnected({ channels }: Presence): boolean {
  return channels.http.open.size + channels.grpc.open.size > 0;
}

export function isGone(presence: Presence, now: number): boolean {
  const { lost, lastReportAt, periodMs } = presence;
  if (lost === undefined) return false;
  const periodsMs = Number.isFinite(periodMs) ? periodMs * GONE_AFTER_PERIODS : 0;
  return now - Math.max(lost.at, lastReportAt) >= Math.max(GONE_AFTER_MS, periodsMs);
}

export function isForgotten(presence: Presence, now: number): boolean {
  return !isConnected(presence) && now - presence.lastReportAt >= FORGOTTEN_AFTER_MS;
}

/** Whether its gRPC connections ended and did not come back, though it goes on over HTTP. */
export function isGrpcSilent({ channels: { grpc, http } }: Presence, now: number): boolean {
  return grpc.lost !== undefined && now - grpc.lost.at >= GONE_AFTER_MS && http.sources.size > 0;
}

/** Whether a service was silent for long, while others of its node were not. */
export function isQuiet({ lastReportAt }: Presence, { heardAt }: Service): boolean {
  return lastReportAt - heardAt >= QUIET_AFTER_MS;
}

/**
 * Whether a service ended, and nothing more came from it. Its connections outlive it, and are reported while anything
 * moves; but GOST does not report the end of the last.
 */
export function isOver({ state, heardAt }: Service, now: number): boolean {
  return state === "closed" && now - heardAt >= GONE_AFTER_MS;
}
