/** Sizes as Go and the Collector write them: `10MiB`, `1GB`, `512`, `1.5KiB`; a bare number is bytes. */

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  ki: 1024,
  kib: 1024,
  mi: 1024 ** 2,
  mib: 1024 ** 2,
  gi: 1024 ** 3,
  gib: 1024 ** 3,
  ti: 1024 ** 4,
  tib: 1024 ** 4,
};

/** Whole bytes, or undefined when the text is not a size. */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([a-zA-Z]*)$/.exec(text.trim());
  const factor = match && BYTES_PER_UNIT[match[2]!.toLowerCase()];
  return factor ? Math.round(Number(match[1]) * factor) : undefined;
}

/** The largest binary unit that keeps it short: 20971520 gives `20MiB`, 1000 gives `1000`. */
export function formatByteSize(bytes: number): string {
  for (const [unit, factor] of [
    ["TiB", 1024 ** 4],
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
  ] as const) {
    if (bytes >= factor && Number.isInteger((bytes / factor) * 100)) return `${bytes / factor}${unit}`;
  }
  return String(bytes);
}
