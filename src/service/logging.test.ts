import { describe, expect, it } from "vitest";
import { Secret } from "../component/secret.ts";
import { virtualClock } from "../lib/virtual-clock.ts";
import { type LogLevel, logging } from "./logging.ts";

function rig(encoding: "console" | "json", level: LogLevel = "info") {
  const clock = virtualClock(Date.UTC(2026, 10, 21, 11, 20, 33, 123));
  const lines: string[] = [];
  const log = logging({ level, encoding, clock, write: (line) => lines.push(line) });
  return { clock, lines, log: log({ kind: "receiver", id: "gost" }) };
}

describe("the log as JSON", () => {
  it("is a line with time, level, who says it, what, and its fields", () => {
    const { log, lines } = rig("json");
    log.info("edge-1 reports", { services: 3 });
    expect(lines).toHaveLength(1);
    expect(lines[0]!.endsWith("\n")).toBe(true);
    expect(JSON.parse(lines[0]!)).toEqual({
      level: "info",
      time: "2026-11-21T11:20:33.123Z",
      kind: "receiver",
      id: "gost",
      services: 3,
      msg: "edge-1 reports",
    });
  });

  it("has an error with its stack, and never a secret's text", () => {
    const { log, lines } = rig("json");
    log.error("failed", { error: new Error("no room"), token: new Secret("s3cret") });
    const line = JSON.parse(lines[0]!);
    expect(line.error).toMatchObject({ type: "Error", message: "no room", stack: expect.stringContaining("no room") });
    expect(line.token).toBe("[REDACTED]");
  });

  it("leaves out what is below its level", () => {
    const { log, lines } = rig("json", "warn");
    log.info("not this");
    log.limited("key").info("nor this");
    log.warn("this");
    expect(lines).toHaveLength(1);
  });
});

describe("the log for people", () => {
  it("shows what strangers sent without letting it begin a line or move the cursor", () => {
    const { log, lines } = rig("console");
    log.warn("not JSON: \u001b[2J\n12:00 ERROR fake", { peer: "\u202eevil\u0007" });
    expect(lines).toHaveLength(1);
    expect(lines[0]!.trimEnd()).not.toMatch(/\p{C}/u);
    expect(lines[0]).toContain("\\u001b[2J\\u000a12:00");
  });

  it("is a line with the time of day, and the fields as key=value", () => {
    const { log, lines } = rig("console");
    log.warn("a report was refused", { reason: "queue_full", detail: "two words", count: 2 });
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:33\.123 WARN {2}receiver:gost {2}a report was refused reason=queue_full detail="two words" count=2\n$/,
    );
  });

  it("has an error's stack below its line", () => {
    const { log, lines } = rig("console");
    log.error("failed", { error: new Error("no room") });
    expect(lines[0]).toMatch(/failed\n {4}Error: no room\n {8}at /);
  });
});

describe("a limited line", () => {
  it("comes once in an interval, and the next one says how many were left out", () => {
    const { log, lines, clock } = rig("json");
    for (let count = 0; count < 5; count++) log.limited("slow").warn("too slow", { count });
    clock.advance(9_999);
    log.limited("slow").warn("too slow");
    expect(lines).toHaveLength(1);
    clock.advance(1);
    log.limited("slow").warn("too slow", { count: 9 });
    expect(JSON.parse(lines[1]!)).toMatchObject({ msg: "too slow", count: 9, left_out: 5 });
  });

  it("does not keep other keys, or lines without one, from being written", () => {
    const { log, lines } = rig("json");
    log.limited("slow").warn("1");
    log.limited("large").warn("2");
    log.warn("3");
    expect(lines).toHaveLength(3);
  });
});
