import * as z from "zod";
import { attributeActions } from "../../kit/attribute-actions/action-fields.ts";

export const configSchema = z.strictObject({
  attributes: attributeActions().describe("What is done to the attributes of resources, one after the other."),
});

export type Config = z.output<typeof configSchema>;
