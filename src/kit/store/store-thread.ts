import { Worker } from "node:worker_threads";
import { orAborted } from "../../lib/abort.ts";
import type { FailedAnswer, StoreAnswers, StoreRequest } from "./messages.ts";

type Request<Type extends StoreRequest["type"]> = Extract<StoreRequest, { type: Type }>;

/** The other thread is gone, and what was asked of it last may have been done or not. */
export class ThreadEndedError extends Error {
  override readonly name = "ThreadEndedError";
}

/** The thread that the store's file lives in, seen from the agent's. Answers come in the order of the requests. */
export class StoreThread {
  readonly #worker: Worker;
  readonly #waiting: { resolve(answer: never): void; reject(reason: Error): void }[] = [];
  #ended: ThreadEndedError | undefined;
  readonly #exited: Promise<void>;

  constructor() {
    this.#worker = startWorker();
    this.#worker.unref();
    this.#worker.on("message", (answer: FailedAnswer | StoreAnswers[keyof StoreAnswers]) => {
      const { resolve, reject } = this.#waiting.shift()!;
      if (answer !== undefined && "failure" in answer) reject(new Error(answer.failure));
      else resolve(answer as never);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    this.#worker.on("error", (error) => this.#end(`the store's thread failed: ${error.message}`));
    this.#exited = new Promise((exited) => {
      this.#worker.on("exit", () => {
        this.#end("the store's thread ended");
        exited();
      });
    });
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  /** Keeps the process alive until it is answered. */
  ask<Type extends StoreRequest["type"]>(
    request: Request<Type>,
    moved: readonly ArrayBuffer[] = [],
  ): Promise<StoreAnswers[Type]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) this.#worker.ref();
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(request, moved);
    });
  }

  /** Waits until it has closed the file and ended. */
  async close(deadline: AbortSignal): Promise<void> {
    await orAborted(this.ask({ type: "close" }), deadline);
    this.#worker.ref();
    await orAborted(this.#exited, deadline);
  }

  /** Ends it in the middle of whatever it does; the file is as after a kill. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #end(reason: string): void {
    this.#ended ??= new ThreadEndedError(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}

/** In the built program: the text of store-worker.ts with all that it imports, which the build puts here. */
declare const STORE_WORKER_TEXT: string;

function startWorker(): Worker {
  const name = "store";
  if (typeof STORE_WORKER_TEXT === "string") return new Worker(STORE_WORKER_TEXT, { name, eval: true });
  return new Worker(new URL("./store-worker.ts", import.meta.url), { name });
}
