import type { Deps, Processor } from "../../component/component.ts";
import type { Consumer, Delivery, Next } from "../../component/delivery.ts";
import type { Counter } from "../../component/meter.ts";
import type { Codec, StateScope } from "../../component/store.ts";
import { difference } from "../../kit/point-arithmetic.ts";
import { SeriesMapping } from "../../kit/series-mapping.ts";
import { SeriesSums, type SumsOfBatch } from "../../kit/series-sums/series-sums.ts";
import { sumKindOf } from "../../kit/series-sums/sum-kind.ts";
import { filledFrom, isRow, type MetricsBatch, type Point, pointsOf, Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { Memo } from "../../model/series-table.ts";
import type { Config } from "./config.ts";
import {
  lastPoints,
  type Membership,
  otherOf,
  ownAttributes,
  placesFor,
  rankOf,
  type Stream,
  streamKey,
  type Unit,
  withPoint,
} from "./streams.ts";
import { DROPPED, MOVES, STREAMS } from "./telemetry.ts";

/** What a batch leads to. */
interface Outgoing {
  readonly delivery: Delivery;
  readonly sums: SumsOfBatch;
  readonly rows: Row[];
  readonly points: Point[];
}

/**
 * Gives series of their own to so many streams and joins all others into one. A stream's own series holds what it counted
 * while it had one; what it counted before stays in the others, and when it has none any more all of it is there. So the
 * sum over all series is that of the streams at any time, and the others never fall.
 */
export class SeriesLimit implements Processor {
  readonly metrics: Consumer<"metrics"> = { consume: (batch, delivery) => this.#consume(batch, delivery) };
  readonly #config: Config;
  readonly #deps: Deps;
  readonly #next: Next;
  readonly #sums: SeriesSums;
  readonly #others: SeriesMapping;
  readonly #memberRows: StateScope<Membership>;
  readonly #streams = new Map<string, Stream>();
  /** By each of its series; false: the series belongs to no stream. */
  readonly #units: Memo<Unit | false>;
  readonly #moves: { readonly [way in "in" | "out"]: Counter };
  #memberCount = 0;
  #rebalanceAt = Number.POSITIVE_INFINITY;
  #endGauge = () => {};

  constructor(config: Config, deps: Deps, next: Next) {
    const { series: table, store, meter } = deps;
    this.#config = config;
    this.#deps = deps;
    this.#next = next;
    this.#sums = new SeriesSums({ deps, seriesMax: config.max_series, dropped: DROPPED });
    this.#others = new SeriesMapping(table, (series) => otherOf(series, config.attributes, config.other));
    this.#memberRows = store.scope(membershipCodec, "members");
    this.#units = table.memo((_, unit) => unit && this.#forget(unit));
    this.#moves = { in: meter.counter(MOVES, { way: "in" }), out: meter.counter(MOVES, { way: "out" }) };
  }

  async load(signal: AbortSignal): Promise<void> {
    await this.#sums.load(signal);
    for (const [key, membership] of await this.#memberRows.load(signal)) {
      // Under other attributes there were other streams, none of which will ever come.
      if (!sameItems(membership.attributes, this.#config.attributes)) continue;
      this.#streams.set(key, { key, mayBeMember: true, units: new Set(), rank: 0, membership });
      this.#memberCount++;
    }
  }

  async start(): Promise<void> {
    const { clock, meter } = this.#deps;
    // Not at once: what is stored is still on its way here.
    this.#rebalanceAt = clock.monotonic() + this.#config.rebalance_interval;
    this.#endGauge = meter.gauge(STREAMS, () => [
      { value: this.#memberCount, attributes: { series: "own" } },
      { value: this.#streams.size - this.#memberCount, attributes: { series: "other" } },
    ]);
  }

  async stop(): Promise<void> {
    this.#endGauge();
    this.#units.dispose();
    this.#others.dispose();
    this.#sums.dispose();
    this.#streams.clear();
  }

  #consume(batch: MetricsBatch, delivery: Delivery): void | Promise<void> {
    const outgoing: Outgoing = { delivery, sums: this.#sums.begin(delivery), rows: [], points: [] };
    for (const row of batch.rows) this.#takeRow(row, outgoing);
    for (const point of batch.points) this.#takePoint(point, outgoing);
    const now = this.#deps.clock.monotonic();
    if (now >= this.#rebalanceAt) this.#rebalance(now, outgoing);
    const points = [...outgoing.points, ...outgoing.sums.points()];
    return this.#next.metrics?.consume({ ...batch, rows: outgoing.rows, points }, delivery);
  }

  #takeRow(row: Row, outgoing: Outgoing): void {
    const unit = this.#unitOf(row.series);
    if (unit === false) outgoing.rows.push(row);
    else if (unit === undefined) for (const point of pointsOf(row)) this.#takePoint(point, outgoing);
    else this.#take(unit, filledFrom(unit.last, row), row, outgoing);
  }

  #takePoint(point: Point, outgoing: Outgoing): void {
    const unit = this.#units.get(point.series) ?? this.#unitOf([point.series]);
    if (!unit) outgoing.points.push(point);
    else this.#take(unit, withPoint(unit, point), point, outgoing);
  }

  /** `last`: what is known of the unit from now on. */
  #take(unit: Unit, last: Row | Point | undefined, now: Row | Point, outgoing: Outgoing): void {
    const { stream } = unit;
    this.#remember(unit, last, outgoing.delivery);
    if (stream.membership === undefined && stream.mayBeMember && this.#memberCount < this.#config.limit) {
      this.#enter(stream, outgoing, unit);
    }
    if (stream.membership !== undefined) this.#showOwn(unit, now, outgoing);
    else this.#add(unit, isRow(now) ? pointsOf(now) : [now], outgoing);
  }

  #add(unit: Unit, points: readonly Point[], { sums }: Outgoing): void {
    for (const point of points) sums.add(point, unit.into[unit.of.indexOf(point.series)]!);
  }

  /** A member's values without what of them is in the others. */
  #showOwn(unit: Unit, now: Row | Point, outgoing: Outgoing): void {
    const since = unit.stream.membership!.since;
    if (isRow(now)) {
      if (since === 0) outgoing.rows.push(now);
      else {
        const values = now.values.map((value, index) =>
          Number.isNaN(value) ? value : (this.#own(unit, index, now.start, value, outgoing) as number),
        );
        outgoing.rows.push(new Row(now.series, Math.max(now.start, since), Math.max(now.time, since), values));
      }
      return;
    }
    if (since === 0 || now.extra?.noRecordedValue === true) {
      outgoing.points.push(now);
      return;
    }
    const { series, time, extra: { startNanos: _, timeNanos: __, ...extra } = {} } = now;
    const value = this.#own(unit, unit.of.indexOf(series), now.start, now.value, outgoing);
    outgoing.points.push({ series, start: Math.max(now.start, since), time: Math.max(time, since), value, extra });
  }

  #own(unit: Unit, index: number, start: number, value: Point["value"], { delivery }: Outgoing): Point["value"] {
    const [of, into] = [unit.of[index]!, unit.into[index]!];
    const counted = sumKindOf(of.metric) === "count" ? this.#sums.counts.counted(of, into) : undefined;
    if (counted === undefined) return value;
    const own = counted.start > 0 && start > counted.start ? undefined : difference(value, counted.value);
    if (own === undefined) this.#sums.counts.forget(of, into, delivery.transaction);
    return own ?? value;
  }

  #rebalance(now: number, outgoing: Outgoing): void {
    const { rebalance_interval: intervalMs, limit, members } = this.#config;
    const before = this.#rebalanceAt;
    this.#rebalanceAt = now + intervalMs;
    outgoing.delivery.transaction.onRolledBack(() => {
      this.#rebalanceAt = before;
    });
    const hysteresis = members === "first" ? Number.POSITIVE_INFINITY : this.#config.hysteresis;
    const places = placesFor(this.#streams.values(), { limit, hysteresis });
    for (const stream of places.out) this.#leave(stream, outgoing);
    for (const stream of places.in) this.#enter(stream, outgoing);
  }

  /**
   * What the stream counted until now, if anything, stays in the others; its levels are its own. All of it is shown, but
   * for what has just arrived: that is about to be.
   */
  #enter(stream: Stream, outgoing: Outgoing, arrived?: Unit): void {
    const { delivery, sums } = outgoing;
    let isCounted = false;
    for (const unit of stream.units) {
      for (const [index, of] of unit.of.entries()) {
        const into = unit.into[index]!;
        const kind = sumKindOf(of.metric);
        if (kind === "count" && this.#sums.counts.counted(of, into) !== undefined) isCounted = true;
        if (kind === "level" && this.#sums.levels.hasPart(of)) sums.setLevel(of, into, undefined, delivery.receivedAt);
      }
    }
    const { attributes } = this.#config;
    this.#setMembership(stream, { since: isCounted ? delivery.receivedAt : 0, attributes }, delivery);
    if (isCounted) delivery.onCommitted(() => this.#moves.in.value++);
    for (const unit of stream.units) {
      if (unit !== arrived && unit.last !== undefined) this.#showOwn(unit, unit.last, outgoing);
    }
  }

  /** All that the stream counted is in the others from now on, and its own series end. */
  #leave(stream: Stream, outgoing: Outgoing): void {
    const { delivery, points } = outgoing;
    for (const unit of stream.units) {
      const last = lastPoints(unit);
      this.#add(unit, last, outgoing);
      for (const { series } of last) {
        points.push({ series, start: 0, time: delivery.receivedAt, value: 0, extra: { noRecordedValue: true } });
      }
    }
    this.#setMembership(stream, undefined, delivery);
    delivery.onCommitted(() => this.#moves.out.value++);
  }

  #setMembership(stream: Stream, membership: Membership | undefined, { transaction }: Delivery): void {
    const before = stream.membership;
    const set = (to: Membership | undefined) => {
      this.#memberCount += Number(to !== undefined) - Number(stream.membership !== undefined);
      stream.membership = to;
    };
    set(membership);
    if (membership === undefined) transaction.delete(this.#memberRows, stream.key);
    else transaction.put(this.#memberRows, stream.key, membership);
    transaction.onRolledBack(() => set(before));
  }

  #remember(unit: Unit, last: Unit["last"], { transaction }: Delivery): void {
    const before = unit.last;
    this.#setLast(unit, last);
    transaction.onRolledBack(() => this.#setLast(unit, before));
  }

  #setLast(unit: Unit, last: Unit["last"]): void {
    unit.last = last;
    const rank = rankOf(unit, this.#config.rank_by);
    unit.stream.rank += rank - unit.rank;
    unit.rank = rank;
  }

  /** False: of no stream. Undefined: of several, or only in part of one. */
  #unitOf(list: readonly Series[]): Unit | false | undefined {
    const first = list[0]!;
    const known = this.#units.get(first);
    if (known === false || (known !== undefined && isSameList(known.of, list))) return known;
    const { attributes } = this.#config;
    const keys = list.map((series) => {
      const own = ownAttributes(series, attributes);
      return own === undefined ? undefined : streamKey(series, own);
    });
    if (keys.some((key) => key !== keys[0])) return undefined;
    for (const series of list) {
      const before = this.#units.get(series);
      if (before) this.#forget(before);
    }
    const key = keys[0];
    const unit = key === undefined ? false : this.#newUnit(key, list);
    for (const series of list) this.#units.set(series, unit);
    return unit;
  }

  #newUnit(key: string, of: readonly Series[]): Unit {
    const into = of.map((series) => this.#others.series(series));
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      const mayBeMember = of.every((series, index) => into[index] !== series);
      stream = { key, mayBeMember, units: new Set(), rank: 0, membership: undefined };
      this.#streams.set(key, stream);
    }
    const unit: Unit = { stream, of, into, last: undefined, rank: 0 };
    stream.units.add(unit);
    return unit;
  }

  /** Its series are forgotten, or come in another list. */
  #forget(unit: Unit): void {
    const { stream } = unit;
    if (!stream.units.delete(unit)) return;
    for (const series of unit.of) this.#units.delete(series);
    stream.rank -= unit.rank;
    if (stream.units.size === 0 && stream.membership === undefined) this.#streams.delete(stream.key);
  }
}

const isSameList = (one: readonly Series[], other: readonly Series[]) =>
  one === other || (one.length === 1 && other.length === 1 && one[0] === other[0]);

const sameItems = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((item, index) => item === other[index]);

/** Row: JSON of version, since when (in milliseconds since the epoch), and the attributes that told streams apart. */
const VERSION = 1;

const membershipCodec: Codec<Membership> = {
  encode: ({ since, attributes }) => Buffer.from(JSON.stringify([VERSION, since, attributes])),
  decode(bytes) {
    const row = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as unknown[];
    const [version, since, attributes] = row as [number, number, string[]];
    if (version !== VERSION || !Array.isArray(attributes)) throw new Error(`a membership of version ${version}`);
    return { since, attributes };
  },
};
