import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventTexts } from "./event-texts.ts";

describe("the texts of a report's events", () => {
  test("are those of the last list of that name, whatever is around it", () => {
    const report =
      ' { "a" : {"events":[0]}, "events":[1], "ev\\u0065nts" :\n[ -2.5e3 , "]\\\\\\"," ,{"x":[{}]}\t,[ ],null ] , "b":[]} ';
    expect(eventTexts(report)).toEqual(["-2.5e3", '"]\\\\\\","', '{"x":[{}]}', "[ ]", "null"]);
    expect(eventTexts('{"events":[ ]}')).toEqual([]);
  });

  test("parse to the events, for any report", () => {
    const around = fc.dictionary(fc.string(), fc.jsonValue());
    const space = fc.constantFrom("", " ", "\t", "\n  ");
    fc.assert(
      fc.property(around, fc.array(fc.jsonValue()), around, space, (before, events, behind, indent) => {
        const report = JSON.stringify(
          { ...before, events, ...behind, ...("events" in behind ? { events } : {}) },
          null,
          indent,
        );
        expect(eventTexts(report).map((text) => JSON.parse(text))).toEqual(JSON.parse(report).events);
      }),
    );
  });
});
