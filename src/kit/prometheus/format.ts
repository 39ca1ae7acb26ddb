import { ESCAPINGS, type Escaping } from "./escaping.ts";

/** What one scraper asked for. */
export interface Format {
  readonly type: "text" | "openmetrics";
  /** `0.0.4` or `1.0.0` for text, `1.0.0` or `0.0.1` for OpenMetrics; only the answer's header tells them apart. */
  readonly version: string;
  /** How names that are not classic ones are written. */
  readonly escaping: Escaping;
}

/** What every scraper understands. */
export const CLASSIC_TEXT: Format = { type: "text", version: "0.0.4", escaping: "underscores" };

/**
 * The best of what an `Accept` header asks for, by its q-values and then by its order. A scraper that asks for nothing
 * that we have gets the classic text: an answer of another type helps more than none.
 */
export function negotiateFormat(accept: string | undefined, offer: { readonly openMetrics: boolean }): Format {
  let best: Format | undefined;
  let bestQuality = 0;
  for (const { value, parameters } of elements(accept)) {
    const quality = qualityOf(parameters);
    if (quality <= bestQuality) continue;
    const format = formatOf(value, parameters, offer.openMetrics);
    if (format === undefined) continue;
    best = format;
    bestQuality = quality;
  }
  return best ?? CLASSIC_TEXT;
}

/** Whether an `Accept-Encoding` header allows gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const all = [...elements(acceptEncoding)];
  const named = all.find(({ value }) => value === "gzip") ?? all.find(({ value }) => value === "*");
  return named !== undefined && qualityOf(named.parameters) > 0;
}

export function contentType({ type, version, escaping }: Format): string {
  const media = type === "openmetrics" ? "application/openmetrics-text" : "text/plain";
  return `${media}; version=${version}; charset=utf-8; escaping=${escaping}`;
}

function formatOf(media: string, parameters: ReadonlyMap<string, string>, openMetrics: boolean): Format | undefined {
  const escaping = ESCAPINGS.find((known) => known === parameters.get("escaping")) ?? "underscores";
  const version = parameters.get("version");
  switch (media) {
    case "application/openmetrics-text":
      if (!openMetrics || !(version === undefined || version === "1.0.0" || version === "0.0.1")) return undefined;
      return { type: "openmetrics", version: version ?? "1.0.0", escaping };
    case "text/plain":
      if (!(version === undefined || version === "1.0.0" || version === "0.0.4")) return undefined;
      return { type: "text", version: version ?? "0.0.4", escaping };
    case "text/*":
    case "*/*":
      return CLASSIC_TEXT;
    default:
      return undefined;
  }
}

/** The parts of a header such as `a/b;version=1;q=0.5, c/d`. Nothing that we are asked for has commas in quotes. */
function* elements(header = ""): Generator<{ value: string; parameters: ReadonlyMap<string, string> }> {
  for (const element of header.toLowerCase().split(",")) {
    const [value = "", ...rest] = element.split(";").map((part) => part.trim());
    const parameters = rest.map((part): [string, string] => {
      const equals = part.indexOf("=");
      return equals < 0
        ? [part, ""]
        : [
            part.slice(0, equals).trim(),
            part
              .slice(equals + 1)
              .trim()
              .replaceAll('"', ""),
          ];
    });
    if (value !== "") yield { value, parameters: new Map(parameters) };
  }
}

function qualityOf(parameters: ReadonlyMap<string, string>): number {
  const text = parameters.get("q");
  if (text === undefined) return 1;
  const quality = Number(text);
  return quality >= 0 && quality <= 1 ? quality : 0;
}
