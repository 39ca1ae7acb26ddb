import { seededRandom, shuffled } from "../../src/lib/random.ts";
import { type GostEvent, reportJson } from "../../src/simulate/report.ts";

export interface ReportShape {
  readonly services: number;
  readonly clientsPerService: number;
  /** How many reports of each service, one after the other. */
  readonly rounds: number;
}

/** The usual load: reports of ten clients each. */
export const USUAL: ReportShape = { services: 100, clientsPerService: 10, rounds: 20 };

/**
 * A number of bytes in each report. GOST repeats a report only when its answer was lost, and an agent that sees one again
 * wants to know why; so whoever sends a report twice writes another number of as many digits here.
 */
export const SERIAL = 1_000_000_000;

/** Handler-level reports as GOST writes them with `resetTraffic`: clients in any order. The same ones every time. */
export function makeReports(shape: ReportShape): string[] {
  const random = seededRandom(1);
  const bodies: string[] = [];
  for (let round = 1; round <= shape.rounds; round++) {
    for (let service = 0; service < shape.services; service++) {
      const events: GostEvent[] = [];
      for (let client = 0; client < shape.clientsPerService; client++) {
        events.push({
          kind: "handler",
          service: `service-${service}`,
          client: `client-${service}-${client}`,
          type: "stats",
          stats: {
            // The reports are sent again and again, and overtake each other: counts must not fall, as they do not with GOST.
            totalConns: 9,
            currentConns: 1 + random.integer(4),
            inputBytes: client === 0 ? SERIAL : random.integer(1_000_000),
            outputBytes: random.integer(1_000_000_000),
            totalErrs: 0,
          },
        });
      }
      bodies.push(reportJson(shuffled(events, random)));
    }
  }
  return bodies;
}

/** The report with a serial number that no other has. */
export function numbered(report: string, number: number): string {
  return report.replace(String(SERIAL), String(SERIAL + number));
}
