import type { Stats } from "node:fs";
import { type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Backups } from "./backups.ts";

/** Enough to walk through a large file quickly. */
const CHUNK_BYTES = 1 << 20;
/** In front of each frame: its length, the highest byte first. */
export const FRAME_HEADER_BYTES = 4;

export interface RotatingFileOptions {
  readonly path: string;
  /** The mode of the folder, and of those above it, where they are made as they are missed. */
  readonly folderMode?: number | undefined;
  /** What the file consists of: lines, or frames behind their lengths. */
  readonly pieces: "lines" | "frames";
  readonly append: boolean;
  readonly bytesMax: number;
  /** Whether every write is forced to the disk. */
  readonly syncEach: boolean;
  readonly backups: Backups;
  readonly now: () => number;
  /** A file was put aside; what is too much of them can be deleted. */
  readonly onPutAside: () => Promise<void>;
}

/**
 * A file of whole pieces. A piece is in it whole or not at all: what a failed write left is cut off again, and a file
 * whose end is torn (the machine went down) is put aside as it is, for whoever reads it to decide. Calls do not overlap.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #handle: FileHandle | undefined;
  /** What tells the open file from another at its path. */
  #identity: Pick<Stats, "dev" | "ino"> | undefined;
  #size = 0;
  #isFirst = true;
  #isDirty = false;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /** Also anew, where somebody moved the file, removed it or cut it off: what was written so far stays where it is. */
  async open(): Promise<void> {
    if (this.#handle !== undefined) {
      if (await this.#isAsLeft()) return;
      await this.close();
    }
    try {
      await this.#openFile();
      const isWanted = this.#options.append || !this.#isFirst;
      if (this.#size > 0 && !(isWanted && (await this.#isWhole()))) await this.#rotate();
      this.#isFirst = false;
    } catch (error) {
      await this.#leave();
      throw error;
    }
  }

  /** Resolves when the piece is in the file; after a rejection it is not. */
  async write(piece: Uint8Array): Promise<void> {
    await this.open();
    if (this.#size > 0 && this.#size + piece.length > this.#options.bytesMax) await this.#rotate();
    const handle = this.#handle!;
    try {
      await handle.appendFile(piece);
      if (this.#options.syncEach) await handle.datasync();
    } catch (error) {
      await handle.truncate(this.#size).catch(() => this.#leave());
      throw error;
    }
    this.#size += piece.length;
    this.#isDirty = !this.#options.syncEach;
  }

  /** Forces to the disk what was written. */
  async sync(): Promise<void> {
    if (!this.#isDirty) return;
    await this.#handle?.datasync();
    this.#isDirty = false;
  }

  async close(): Promise<void> {
    try {
      await this.sync();
    } finally {
      await this.#leave();
    }
  }

  async #openFile(): Promise<void> {
    const { path, folderMode } = this.#options;
    if (folderMode !== undefined) await mkdir(dirname(path), { recursive: true, mode: folderMode });
    this.#handle = await open(path, "a+", 0o600);
    const { dev, ino, size } = await this.#handle.stat();
    this.#identity = { dev, ino };
    this.#size = size;
  }

  async #isAsLeft(): Promise<boolean> {
    const found = await stat(this.#options.path).catch(() => undefined);
    if (found?.dev !== this.#identity?.dev || found?.ino !== this.#identity?.ino) return false;
    return !(found?.isFile() && found.size < this.#size);
  }

  /** What is opened next is looked at before it is gone on with. */
  async #leave(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#isDirty = false;
    await handle?.close();
  }

  async #rotate(): Promise<void> {
    await this.close();
    await this.#options.backups.putAside(this.#options.now());
    await this.#openFile();
    await this.#options.onPutAside();
  }

  async #isWhole(): Promise<boolean> {
    return this.#options.pieces === "lines" ? (await this.#lastByte()) === 10 : this.#endsWithFrame();
  }

  async #lastByte(): Promise<number> {
    const { buffer } = await this.#handle!.read(Buffer.alloc(1), 0, 1, this.#size - 1);
    return buffer[0]!;
  }

  /** Goes from length to length. */
  async #endsWithFrame(): Promise<boolean> {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let chunkStart = 0;
    let chunkEnd = 0;
    let at = 0;
    while (at + FRAME_HEADER_BYTES <= this.#size) {
      if (at < chunkStart || at + FRAME_HEADER_BYTES > chunkEnd) {
        const { bytesRead } = await this.#handle!.read(chunk, 0, CHUNK_BYTES, at);
        if (bytesRead < FRAME_HEADER_BYTES) return false;
        chunkStart = at;
        chunkEnd = at + bytesRead;
      }
      at += FRAME_HEADER_BYTES + chunk.readUInt32BE(at - chunkStart);
    }
    return at === this.#size;
  }
}
