import { type Adjusted, type Adjustment, AdjustmentError, type StoredTotals } from "../../component/totals.ts";
import { ControlError } from "../../kit/control/messages.ts";
import { StoreReader } from "../../kit/store/store-reader.ts";
import { commitChange, openStoreForCommand } from "../../kit/store/write-store.ts";
import { NEVER } from "../../lib/abort.ts";
import { sleep } from "../../lib/clock.ts";
import type { CliContext } from "../context.ts";

const ATTEMPTS_MAX = 10;
const PAUSE_MS = 500;

/** Where a correction goes. */
export interface AdjustmentPlace {
  readonly folder: string;
  readonly state: string;
  readonly stored: StoredTotals;
}

/** It was given up; `unknown` where the correction may have been kept all the same. */
export class NotKeptError extends Error {
  override readonly name = "NotKeptError";
  readonly unknown: boolean;

  constructor(cause: unknown, unknown: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.unknown = unknown;
  }
}

/**
 * Hands a correction to the running agent, or writes it into the store where none runs. An agent that starts, stops or
 * is late is tried again: sent twice under one id, a correction counts once. Rejects with an `AdjustmentError` where it
 * cannot be, and with a `NotKeptError` where it was given up.
 */
export async function keepAdjustment(
  context: CliContext,
  place: AdjustmentPlace,
  adjustment: Adjustment,
): Promise<Adjusted> {
  let mayBeKept = false;
  for (let attempt = 1; ; attempt++) {
    try {
      return await keptOnce(context, place, adjustment);
    } catch (thrown) {
      if (thrown instanceof AdjustmentError) throw thrown;
      const { type } = thrown instanceof ControlError ? thrown : {};
      if (type === "broken") mayBeKept = true;
      if (type === "forbidden" || attempt === ATTEMPTS_MAX) throw new NotKeptError(thrown, mayBeKept);
    }
    await sleep(context.clock, PAUSE_MS, NEVER);
  }
}

async function keptOnce(context: CliContext, place: AdjustmentPlace, adjustment: Adjustment): Promise<Adjusted> {
  const { folder, state } = place;
  try {
    const answer = await context.askAgent(folder, { command: "adjust", state, adjustment }, NEVER);
    switch (answer.type) {
      case "done":
        return answer.value as Adjusted;
      case "refused":
        throw new AdjustmentError(answer.message);
      case "failed": // Perhaps by a disk that did not say in time whether it has it.
        throw new ControlError("broken", answer.message);
      default:
        return answer satisfies never;
    }
  } catch (thrown) {
    if (thrown instanceof ControlError && thrown.type === "absent") return keptInFile(context, place, adjustment);
    throw thrown;
  }
}

function keptInFile(
  { clock }: CliContext,
  { folder, state, stored }: AdjustmentPlace,
  adjustment: Adjustment,
): Adjusted {
  const now = clock.now();
  const file = openStoreForCommand(folder, now);
  try {
    const reader = new StoreReader(folder);
    try {
      const { change, ...adjusted } = stored.adjust(reader.of(state), adjustment);
      if (change !== undefined) commitChange(file, state, change, now);
      return adjusted;
    } finally {
      reader.close();
    }
  } finally {
    file.close();
  }
}
