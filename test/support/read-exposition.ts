/**
 * Reads an exposition back, written from the formats' grammar and sharing nothing with the writer. Strict: whatever is
 * not in the grammar throws with its line.
 */

export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp?: number;
  readonly exemplar?: string;
}

export interface ReadExposition {
  readonly samples: readonly ReadSample[];
  /** By family name. */
  readonly types: ReadonlyMap<string, string>;
  readonly help: ReadonlyMap<string, string>;
  readonly units: ReadonlyMap<string, string>;
  /** Whether the last line is `# EOF`. */
  readonly ended: boolean;
}

export function readExposition(text: string): ReadExposition {
  const samples: ReadSample[] = [];
  const metadata = {
    TYPE: new Map<string, string>(),
    HELP: new Map<string, string>(),
    UNIT: new Map<string, string>(),
  };
  let ended = false;
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no end");
  for (const line of text.split("\n").slice(0, -1)) {
    if (ended) throw new Error(`a line behind # EOF: ${line}`);
    if (line === "# EOF") {
      ended = true;
      continue;
    }
    const scanner = new Scanner(line);
    if (line.startsWith("# ")) {
      scanner.skip("# ");
      const keyword = scanner.match(/TYPE|HELP|UNIT/y) as keyof typeof metadata;
      scanner.skip(" ");
      const name = scanner.metricName();
      scanner.skip(" ");
      if (metadata[keyword].has(name)) throw new Error(`a second ${keyword} of ${name}`);
      metadata[keyword].set(name, keyword === "HELP" ? unescaped(scanner.rest()) : scanner.rest());
    } else {
      samples.push(scanner.sample());
    }
  }
  return { samples, types: metadata.TYPE, help: metadata.HELP, units: metadata.UNIT, ended };
}

class Scanner {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  sample(): ReadSample {
    const labels: Record<string, string> = {};
    let name = this.peek() === "{" ? undefined : this.match(/[a-zA-Z_:][a-zA-Z0-9_:]*/y);
    if (this.peek() === "{") {
      this.skip("{");
      for (let first = true; this.peek() !== "}"; first = false) {
        if (!first) this.skip(",");
        const quoted = this.peek() === '"';
        const key = quoted ? this.quoted() : this.match(/[a-zA-Z_][a-zA-Z0-9_]*/y);
        if (quoted && first && name === undefined && this.peek() !== "=") {
          name = key;
          continue;
        }
        this.skip("=");
        if (Object.hasOwn(labels, key)) throw new Error(`label ${key} twice: ${this.#line}`);
        Object.defineProperty(labels, key, { value: this.quoted(), enumerable: true });
      }
      this.skip("}");
    }
    if (name === undefined) throw new Error(`no name: ${this.#line}`);
    this.skip(" ");
    const value = this.number();
    const timestamp = /^ [-0-9.]/.test(this.#line.slice(this.#at)) ? this.spacedNumber() : undefined;
    const tail = this.rest();
    if (tail !== "" && !tail.startsWith(" # {")) throw new Error(`what is "${tail}"? ${this.#line}`);
    return {
      name,
      labels,
      value,
      ...(timestamp === undefined ? {} : { timestamp }),
      ...(tail === "" ? {} : { exemplar: tail.slice(3) }),
    };
  }

  metricName(): string {
    return this.peek() === '"' ? this.quoted() : this.match(/[a-zA-Z_:][a-zA-Z0-9_:]*/y);
  }

  quoted(): string {
    this.skip('"');
    const inside = this.match(/(?:[^"\\]|\\["\\n])*/y);
    this.skip('"');
    return unescaped(inside);
  }

  number(): number {
    const text = this.match(/\+Inf|-Inf|NaN|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/y);
    if (text.endsWith("Inf")) return text === "+Inf" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    return Number(text);
  }

  spacedNumber(): number {
    this.skip(" ");
    return this.number();
  }

  match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#line);
    if (match === null) throw new Error(`not ${pattern} at ${this.#at}: ${this.#line}`);
    this.#at += match[0].length;
    return match[0];
  }

  skip(text: string): void {
    if (!this.#line.startsWith(text, this.#at)) throw new Error(`no ${text} at ${this.#at}: ${this.#line}`);
    this.#at += text.length;
  }

  peek(): string {
    return this.#line[this.#at] ?? "";
  }

  rest(): string {
    const rest = this.#line.slice(this.#at);
    this.#at = this.#line.length;
    return rest;
  }
}

const unescaped = (text: string) =>
  text.replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
