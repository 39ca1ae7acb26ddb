import { type LogRecord, SEVERITY } from "../../model/log-records.ts";
import type { Point } from "../../model/points.ts";
import type { Resource, Scope, Series } from "../../model/series.ts";
import type { LifeEvent } from "../../model/source-facts.ts";
import { SERVICE_STATES, type ServiceState } from "./gost-series.ts";

const MESSAGE_LENGTH_MAX = 4096;

export function isServiceState(state: unknown): state is ServiceState {
  return (SERVICE_STATES as readonly unknown[]).includes(state);
}

/** What a state says of the life of what reports: only its ends do. */
export function stateLife(state: ServiceState, at: number): LifeEvent | undefined {
  if (state === "running") return { type: "began", at };
  return state === "closed" ? { type: "closed", at } : undefined;
}

/** 1 for the state that the service is in and 0 for the others; `series` in the order of `SERVICE_STATES`. */
export function statePoints(series: readonly Series[], state: ServiceState, time: number): Point[] {
  return SERVICE_STATES.map((each, index) => ({
    series: series[index]!,
    start: 0,
    time,
    value: each === state ? 1 : 0,
  }));
}

/** The log record of a change of state. GOST tells no time of its own, so both times are those of the arrival. */
export function stateRecord(change: {
  readonly resource: Resource;
  readonly scope: Scope;
  readonly service: string;
  readonly state: ServiceState;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}): LogRecord {
  const { resource, scope, service, state, message, time } = change;
  const timeNanos = BigInt(Math.round(time * 1e3)) * 1000n;
  return {
    resource,
    scope,
    timeNanos,
    observedTimeNanos: timeNanos,
    ...(state === "failed"
      ? { severityNumber: SEVERITY.error, severityText: "ERROR" }
      : { severityNumber: SEVERITY.info, severityText: "INFO" }),
    eventName: "gost.service.state_changed",
    body: message.slice(0, MESSAGE_LENGTH_MAX).toWellFormed(),
    attributes: { "gost.service.name": service, "gost.service.state": state },
  };
}
