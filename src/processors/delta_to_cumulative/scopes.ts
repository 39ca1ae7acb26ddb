/** What this processor's parts of a store are called. Series that stand alone have theirs in `plain-records.ts`. */
export const SCOPES = {
  streams: "streams",
  streamIdentities: "stream_identities",
  streamShapes: "stream_shapes",
  adjustments: "adjustments",
} as const;
