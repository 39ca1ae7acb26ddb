import type { Resource, Scope } from "../series.ts";
import type { SeriesTable } from "../series-table.ts";
import { lengthField } from "./attributes-codec.ts";
import { readResource, readScope, resourceHead, scopeHead } from "./heads.ts";
import type { WireReader } from "./wire-reader.ts";
import { LENGTH, tag, WireWriter } from "./wire-writer.ts";

/** What belongs to a resource and a scope: spans and log records. Both requests have one shape. */
interface Item {
  readonly resource: Resource;
  readonly scope: Scope;
}

/** A request of these items, put together by resource and scope, in the order in which each first comes. */
export function byScope<T extends Item>(items: readonly T[], write: (item: T) => Uint8Array): Uint8Array {
  const resources = new Map<Resource, Map<Scope, T[]>>();
  for (const item of items) {
    const scopes = resources.get(item.resource) ?? new Map<Scope, T[]>();
    resources.set(item.resource, scopes);
    const its = scopes.get(item.scope);
    if (its === undefined) scopes.set(item.scope, [item]);
    else its.push(item);
  }
  const request = new WireWriter();
  for (const [resource, scopes] of resources) {
    const ofResource = new WireWriter();
    raw(ofResource, resourceHead(resource));
    for (const [scope, its] of scopes) {
      const ofScope = new WireWriter();
      raw(ofScope, scopeHead(scope));
      for (const item of its) lengthField(ofScope, 2, write(item));
      lengthField(ofResource, 2, ofScope.finish());
    }
    lengthField(request, 1, ofResource.finish());
  }
  return request.finish();
}

/** Reads what `byScope` wrote; resource and scope may stand behind what belongs to them. */
export function readGroups<T>(
  reader: WireReader,
  end: number,
  table: SeriesTable,
  read: (reader: WireReader, end: number, resource: Resource, scope: Scope) => T,
): T[] {
  const items: T[] = [];
  eachField(reader, 1, end, (resourceEnd) => {
    const resource = readResource(reader, findField(reader, 1, resourceEnd), table);
    eachField(reader, 2, resourceEnd, (scopeEnd) => {
      const scope = readScope(reader, findField(reader, 1, scopeEnd), table);
      eachField(reader, 2, scopeEnd, (itemEnd) => {
        items.push(read(reader, itemEnd, resource, scope));
      });
    });
  });
  return items;
}

/** The first field of this number from here on, wherever it stands; the reader stays where it is. */
export function findField(reader: WireReader, field: number, end: number): { from: number; to: number } | undefined {
  const begin = reader.at;
  try {
    while (reader.at < end) {
      const found = reader.varint();
      if (found !== tag(field, LENGTH)) {
        reader.skip(found & 7, end);
        continue;
      }
      const to = reader.lengthEnd(end);
      return { from: reader.at, to };
    }
    return undefined;
  } finally {
    reader.at = begin;
  }
}

/** Sets what may be absent: an empty text, or zero, says no more than its absence. */
export function setUnlessEmpty<Name extends string, T extends string | number>(
  item: { [K in Name]?: T },
  name: Name,
  value: T,
): void {
  if (value !== "" && value !== 0) item[name] = value;
}

/** Calls `visit` at the begin of each field of this number; afterwards the reader goes on behind it. */
function eachField(reader: WireReader, field: number, end: number, visit: (fieldEnd: number) => void): void {
  while (reader.at < end) {
    const found = reader.varint();
    if (found !== tag(field, LENGTH)) {
      reader.skip(found & 7, end);
      continue;
    }
    const fieldEnd = reader.lengthEnd(end);
    visit(fieldEnd);
    reader.at = fieldEnd;
  }
}

function raw(writer: WireWriter, bytes: Uint8Array): void {
  writer.reserve(bytes.length);
  writer.raw(bytes);
}
