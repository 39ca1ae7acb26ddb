import { startInProcessAgent } from "./agent-in-process.ts";
import { type BenchPart, median } from "./figure.ts";
import { medianMs, mediansInTurns, type Task } from "./in-process.ts";
import { makeReports, SERIAL, USUAL } from "./reports.ts";

/** A service reports no more often, so its reports never come in one millisecond. */
const PERIOD_MS = 1000;
const WARM_UP = { warmUpMs: 2000, measureMs: 500 };
const TURNS = 15;
const TIMES = { warmUpMs: 100, measureMs: 200 };

/** From a report's bytes to committed totals that a scrape would show, beside parsing the same text and nothing else. */
export const ingest: BenchPart = {
  name: "ingest",
  title: "GOST's JSON to totals in process, against JSON.parse alone",
  async run() {
    const agent = await startInProcessAgent();
    const texts = makeReports(USUAL);
    const bodies = texts.map((text) => ({ bytes: Buffer.from(text), serialAt: text.indexOf(String(SERIAL)) }));
    // A round at a time, which takes less than a millisecond: a machine that is busy at times interrupts few of them.
    const { services, clientsPerService } = USUAL;
    const rounds = { parse: new Rounds(texts, services), totals: new Rounds(bodies, services) };
    let number = 0;
    let refused = 0;
    const parse: Task = {
      run() {
        for (const text of rounds.parse.next()) JSON.parse(text);
      },
    };
    const totals: Task = {
      beforeEach() {
        agent.pass(PERIOD_MS);
        for (const { bytes, serialAt } of rounds.totals.next()) bytes.write(String(SERIAL + number++), serialAt);
      },
      async run() {
        for (const { bytes } of rounds.totals.now) {
          const answer = agent.report(bytes);
          const { status } = answer instanceof Promise ? await answer : answer;
          if (status !== 200) refused++;
        }
      },
    };
    await medianMs({ parse, totals }, WARM_UP);
    const turns = await mediansInTurns(TURNS, { parse, totals }, TIMES);
    await agent.stop();
    if (refused > 0) throw new Error(`${refused} reports were refused`);
    const eventsPerSecond = (ms: number) => (services * clientsPerService * 1000) / ms;
    const ratio = median(turns.map((ms) => ms.parse / ms.totals));
    return [
      { name: "JSON.parse alone", value: eventsPerSecond(median(turns.map((ms) => ms.parse))), unit: "events/s" },
      { name: "GOST JSON to totals", value: eventsPerSecond(median(turns.map((ms) => ms.totals))), unit: "events/s" },
      { name: "to totals / JSON.parse", value: ratio, unit: "x", goal: { atLeast: 0.6 } },
    ];
  },
};

/** Takes turns with parts of so many reports. */
class Rounds<T> {
  readonly #parts: readonly (readonly T[])[];
  #turn = 0;

  constructor(reports: readonly T[], size: number) {
    this.#parts = Array.from({ length: reports.length / size }, (_, part) =>
      reports.slice(part * size, (part + 1) * size),
    );
  }

  next(): readonly T[] {
    this.#turn = (this.#turn + 1) % this.#parts.length;
    return this.now;
  }

  get now(): readonly T[] {
    return this.#parts[this.#turn]!;
  }
}
