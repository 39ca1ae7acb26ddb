/** The store's thread: a file of its own in the built program, since a thread costs what it loads. */
import { parentPort } from "node:worker_threads";
import type { StoreAnswers, StoreRequest } from "./messages.ts";
import { transferable } from "./packed-rows.ts";
import { failureText } from "./sqlite-failure.ts";
import { openStoreFile, type StoreFile } from "./store-file.ts";

const port = parentPort!;
let open: StoreFile | undefined;

port.on("message", (request: StoreRequest) => {
  try {
    answer(request);
  } catch (thrown) {
    port.postMessage({ failure: failureText(thrown) });
  }
  if (request.type === "close") port.close();
});

function answer(request: StoreRequest): void {
  switch (request.type) {
    case "open":
      open = openStoreFile(request.options);
      say<"open">(open.opened);
      break;
    case "load": {
      const loaded = opened().load(request.scope, request.after, request.rowsMax);
      say<"load">(loaded, transferable(loaded.rows));
      break;
    }
    case "find": {
      const found = opened().find(request.scope, request.keys);
      say<"find">(found, transferable(found.rows));
      break;
    }
    case "count":
      say<"count">({ count: opened().count(request.scope) });
      break;
    case "commit": {
      const spare = request.rows.values.buffer;
      say<"commit">({ outcome: opened().commit(request.rows, request.at), spare }, [spare]);
      break;
    }
    case "check":
      say<"check">(opened().check(request.at));
      break;
    case "set_aside":
      opened().setAside(request.scope, request.rows, request.at);
      say<"set_aside">(undefined);
      break;
    case "scopes":
      say<"scopes">(opened().scopeNames());
      break;
    case "rename_scopes":
      opened().renameScopes(request.renames);
      say<"rename_scopes">(undefined);
      break;
    case "close":
      open?.close();
      say<"close">(undefined);
      break;
    default:
      request satisfies never;
  }
}

function say<Type extends keyof StoreAnswers>(answer: StoreAnswers[Type], moved: ArrayBuffer[] = []): void {
  port.postMessage(answer, moved);
}

function opened(): StoreFile {
  if (open === undefined) throw new Error("BUG: the store is not open");
  return open;
}
