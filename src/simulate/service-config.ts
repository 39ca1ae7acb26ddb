import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Books } from "./books.ts";
import type { HandlerType } from "./handlers.ts";
import type { Answer, News } from "./network.ts";
import type { GostEvent } from "./report.ts";

/** One entry of GOST's `services:`. */
export interface ServiceConfig {
  readonly name: string;
  readonly handler: HandlerType;
  /** Who has the observer: the service, its handler, or both. */
  readonly levels: readonly ("service" | "handler")[];
  /** `observer.resetTraffic`. */
  readonly resetTraffic: boolean;
  /** `observer.period`; GOST takes no less than a second. */
  readonly periodMs: number;
}

/** What the parts of one GOST process share. */
export interface ServiceDeps {
  /** The process: an object of its own. */
  readonly process: object;
  readonly node: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly books: Books;
  readonly send: (events: readonly GostEvent[], news: News) => Promise<SendResult>;
}

/** `unsent`: GOST had no observer for a moment, and takes that for a success. */
export type SendResult = Answer | "unsent";
