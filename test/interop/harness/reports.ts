import { join } from "node:path";
import { loadSync, type MethodDefinition, type ServiceDefinition } from "@grpc/proto-loader";

/** A report as GOST sent it. */
export interface Report {
  readonly events: readonly ReportedEvent[];
}

/** What GOST said of one service, or of one client of its handler. */
export interface ReportedEvent {
  readonly kind: "service" | "handler";
  readonly service: string;
  readonly client?: string;
  readonly status?: { readonly state: string } | null;
  readonly stats?: Stats | null;
}

type Stats = Readonly<Record<"totalConns" | "currentConns" | "inputBytes" | "outputBytes" | "totalErrs", number>>;

export function reportOfJson(body: string): Report {
  return JSON.parse(body);
}

const PROTO = join(import.meta.dirname, "../../../proto/observer.proto");
const observer = loadSync(PROTO, { keepCase: true, longs: Number, defaults: true })["proto.Observer"];
const observe = (observer as ServiceDefinition)["Observe"] as MethodDefinition<object, object>;

export function reportOfProtobuf(message: Buffer): Report {
  return observe.requestDeserialize(message) as Report;
}
