import type { Attributes } from "../../model/attributes.ts";
import type { MemberBehaviour, Metric, Resource, Scope, Series, Source, Stream } from "../../model/series.ts";
import type { MemberIdentity, SeriesTable } from "../../model/series-table.ts";
import { streamKey } from "../../model/stream-key.ts";
import { COUNTS, type CountName } from "./counts.ts";

/** The states of a service, as GOST names them. */
export const SERVICE_STATES = ["running", "ready", "failed", "closed"] as const;

export type ServiceState = (typeof SERVICE_STATES)[number];

/** The two levels at which GOST counts. They are never summed, so no metric holds both. */
export type Kind = "service" | "handler";

/** What the metrics of a kind are called behind `gost.`: what a handler reports are its clients. */
const SUBJECT = { service: "service", handler: "client" } as const;

const MONOTONIC = { type: "sum", monotonic: true } as const;
const LEVEL = { type: "sum", monotonic: false } as const;
const GAUGE = { type: "gauge", monotonic: false, temporality: "unspecified" } as const;

/**
 * The series of GOST's nodes: every metric, unit and attribute name that this receiver gives out.
 *
 * The members of a stream have no temporality yet: whether bytes come as deltas is judged later, and must not change
 * what a series is. The scope has no version, so that an upgrade does not begin all series anew.
 */
export class GostSeries {
  readonly #table: SeriesTable;
  readonly #configured: Attributes;
  readonly #scope: Scope;

  /** `configured` are attributes that every resource gets; `service.name` among them replaces `gost`. */
  constructor(table: SeriesTable, configured: Attributes) {
    this.#table = table;
    this.#configured = configured;
    this.#scope = table.scope("gostcol/receiver/gost");
  }

  get scope(): Scope {
    return this.#scope;
  }

  /** A node's resource. Its instance id is always its name: two nodes never share a series. */
  resource(node: string): Resource {
    return this.#table.resource({ "service.name": "gost", ...this.#configured, "service.instance.id": node });
  }

  lastReport(resource: Resource): Series {
    const name = "gost.node.last_report.time";
    const description = "When the node last reported, in Unix time.";
    return this.#series(resource, { name, unit: "s", description, number: "double", ...GAUGE }, {});
  }

  up(resource: Resource): Series {
    const name = "gost.node.up";
    const description = "1 while the node reports or is connected, 0 once it has been gone for a while.";
    return this.#series(resource, { name, unit: "", description, number: "int", ...GAUGE }, {});
  }

  unreported(resource: Resource, service: string): Series {
    const name = "gost.service.unreported.time";
    const description = "Time in which the service may have moved bytes that it never reported.";
    return this.#series(
      resource,
      { name, unit: "s", description, number: "double", temporality: "cumulative", ...MONOTONIC },
      { "gost.service.name": service },
    );
  }

  /** One series for each state, in the order of `SERVICE_STATES`. */
  states(resource: Resource, service: string): readonly Series[] {
    const name = "gost.service.state";
    const description = "1 for the state that the service is in, 0 for the others.";
    const metric = { name, unit: "", description, number: "int", temporality: "cumulative", ...LEVEL } as const;
    return SERVICE_STATES.map((state) =>
      this.#series(resource, metric, { "gost.service.name": service, "gost.service.state": state }),
    );
  }

  /** The numbers of a service, or of one client of its handler: a member for each of `COUNTS`, in their order. */
  stream(resource: Resource, source: Source, client: string | undefined): Stream {
    const { kind, service } = source;
    const attributes = {
      "gost.service.name": service,
      ...(client === undefined ? {} : { "gost.client.id": client }),
    };
    const key = streamKey({ ...source, ...(client === undefined ? {} : { client }) });
    const members = COUNTS.map((count) => this.#member(resource, kind as Kind, count, attributes));
    return this.#table.stream(key, source, client, members);
  }

  /** Where the bytes of all clients are added that have no series of their own: `inputBytes`, then `outputBytes`. */
  overflow(resource: Resource, source: Source): Stream {
    const { kind, service } = source;
    const attributes = { "gost.service.name": service, "otel.metric.overflow": true };
    const members = (["inputBytes", "outputBytes"] as const).map((count) =>
      this.#member(resource, kind as Kind, count, attributes),
    );
    return this.#table.stream(streamKey({ ...source, client: null }), source, undefined, members);
  }

  #member(resource: Resource, kind: Kind, count: CountName, attributes: Attributes): MemberIdentity {
    const subject = SUBJECT[kind];
    const whose = kind === "service" ? "of the service" : "of the client";
    const counter = (name: string, unit: string, description: string, behaviour: MemberBehaviour): MemberIdentity => ({
      ...this.#identity(
        resource,
        {
          name: `gost.${subject}.${name}`,
          unit,
          description: `${description} ${whose}.`,
          number: "int",
          temporality: "unspecified",
          ...(behaviour === "level" ? LEVEL : MONOTONIC),
        },
        attributes,
      ),
      behaviour,
    });
    switch (count) {
      case "totalConns":
        // A handler counts a connection when its client has logged in, which can be after its service was replaced.
        return counter(
          "connection.handled",
          "{connection}",
          "All connections so far",
          kind === "service" ? "accepted" : "cumulative",
        );
      case "currentConns":
        return counter("connection.active", "{connection}", "Open connections", "level");
      case "totalErrs":
        return counter("errors", "{error}", "Failed connections", "cumulative");
      case "inputBytes":
      case "outputBytes": {
        const direction = count === "inputBytes" ? "receive" : "transmit";
        const directed = { ...attributes, "network.io.direction": direction };
        const name = `gost.${subject}.io.uncertain`;
        const description = `By how much the bytes ${whose} could be more.`;
        return {
          ...counter("io", "By", "Bytes received from and sent to clients", "by_mode"),
          attributes: directed,
          uncertain: this.#identity(resource, { name, unit: "By", description, number: "int", ...GAUGE }, directed),
        };
      }
    }
  }

  #series(resource: Resource, metric: Metric, attributes: Attributes): Series {
    return this.#table.series(resource, this.#scope, this.#table.metric(metric), attributes);
  }

  #identity(resource: Resource, metric: Metric, attributes: Attributes) {
    return { resource, scope: this.#scope, metric: this.#table.metric(metric), attributes };
  }
}
