import * as z from "zod";
import { attributeActions } from "../../kit/attribute-actions/action-fields.ts";
import { selectionField } from "./selection.ts";

export const configSchema = z.strictObject({
  actions: attributeActions().describe("What is done to attributes, one after the other."),
  include: selectionField().optional().describe("What it is done to; without it, to everything."),
  exclude: selectionField().optional().describe("What it is not done to, even where `include` has it."),
});

export type Config = z.output<typeof configSchema>;
