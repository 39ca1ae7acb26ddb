/** What a GOST observer plugin is told, and how GOST writes it. */

/** The five numbers of a service or of one of its clients. Bytes are seen from the client: input is its upload. */
export interface Stats {
  readonly totalConns: number;
  readonly currentConns: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly totalErrs: number;
}

export type ServiceState = "running" | "ready" | "failed" | "closed";

export type GostEvent =
  | { readonly kind: "service"; readonly service: string; readonly type: "status"; readonly state: ServiceState }
  | {
      readonly kind: "service" | "handler";
      readonly service: string;
      /** Empty where nobody had to log in: then GOST leaves the member out. */
      readonly client: string;
      readonly type: "stats";
      readonly stats: Stats;
    };

/** The body of a report over HTTP, byte for byte as Go's `encoding/json` writes it. */
export function reportJson(events: readonly GostEvent[]): string {
  return `{"events":[${events.map(eventJson).join(",")}]}`;
}

/** The sentence that GOST sends along with a state. */
export function stateMessage(service: string, state: ServiceState): string {
  return `service ${service} is ${state}`;
}

function eventJson(event: GostEvent): string {
  const head = `{"kind":"${event.kind}","service":${goText(event.service)}`;
  if (event.type === "status") {
    const message = goText(stateMessage(event.service, event.state));
    return `${head},"type":"status","status":{"state":"${event.state}","msg":${message}}}`;
  }
  const client = event.client === "" ? "" : `,"client":${goText(event.client)}`;
  const { totalConns, currentConns, inputBytes, outputBytes, totalErrs } = event.stats;
  return (
    `${head}${client},"type":"stats","stats":{"totalConns":${totalConns},"currentConns":${currentConns},` +
    `"inputBytes":${inputBytes},"outputBytes":${outputBytes},"totalErrs":${totalErrs}}}`
  );
}

/** Go escapes what a browser could take for markup, and has no lone surrogates: its texts are bytes. */
function goText(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
