import { startInProcessAgent } from "./agent-in-process.ts";
import type { BenchPart } from "./figure.ts";
import { medianMs } from "./in-process.ts";
import { makeReports, USUAL } from "./reports.ts";

/** From a report's bytes to committed totals that a scrape would show, beside parsing the same text and nothing else. */
export const ingest: BenchPart = {
  name: "ingest",
  title: "GOST's JSON to totals in process, against JSON.parse alone",
  async run() {
    const agent = await startInProcessAgent();
    const texts = makeReports(USUAL);
    const bodies = texts.map((text) => Buffer.from(text));
    // A round at a time, which takes less than a millisecond: a machine that is busy at times interrupts few of them.
    const { services, clientsPerService } = USUAL;
    const rounds = { parse: roundsOf(texts, services), totals: roundsOf(bodies, services) };
    let refused = 0;
    const times = await medianMs(
      {
        parse: {
          run() {
            for (const text of rounds.parse()) JSON.parse(text);
          },
        },
        totals: {
          async run() {
            for (const body of rounds.totals()) {
              const answer = agent.report(body);
              const { status } = answer instanceof Promise ? await answer : answer;
              if (status !== 200) refused++;
            }
          },
        },
      },
      { warmUpMs: 1500, measureMs: 4000 },
    );
    await agent.stop();
    if (refused > 0) throw new Error(`${refused} reports were refused`);
    const eventsPerSecond = (ms: number) => (services * clientsPerService * 1000) / ms;
    return [
      { name: "JSON.parse alone", value: eventsPerSecond(times.parse), unit: "events/s" },
      { name: "GOST JSON to totals", value: eventsPerSecond(times.totals), unit: "events/s" },
      { name: "to totals / JSON.parse", value: times.parse / times.totals, unit: "x", goal: { atLeast: 0.6 } },
    ];
  },
};

/** Gives out so many reports at a time, from the first on again after the last. */
function roundsOf<T>(reports: readonly T[], size: number): () => readonly T[] {
  let next = 0;
  return () => {
    const from = next;
    next = (from + size) % reports.length;
    return reports.slice(from, from + size);
  };
}
