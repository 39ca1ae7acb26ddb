import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import type { Command } from "./process.ts";

/** A network namespace at the other end of a cable that can be cut: then packets vanish, and nobody is told. */
export interface Namespace {
  /** Its address, as seen from here. */
  readonly host: string;
  /** The same command, run inside. */
  within(command: Command): Command;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

const run = promisify(execFile);
const ip = (...args: readonly string[]) => run("ip", args);

/** One that ends with the running test; undefined where this machine does not let us have any. */
export async function startNamespace(): Promise<Namespace | undefined> {
  const id = Math.floor(Math.random() * 0xffff);
  const name = `gostcol-${id.toString(16)}`;
  const [outside, inside] = [`gc${id.toString(16)}o`, `gc${id.toString(16)}i`];
  const network = `10.${200 + Math.floor(id / 8192)}.${(id >> 5) & 0xff}`;
  const [here, host] = [`${network}.1`, `${network}.2`];
  try {
    await ip("netns", "add", name);
  } catch {
    return undefined;
  }
  onTestFinished(async () => {
    await ip("link", "del", outside).catch(() => {});
    await ip("netns", "del", name);
  });
  await ip("link", "add", outside, "type", "veth", "peer", "name", inside);
  await ip("link", "set", inside, "netns", name);
  await ip("addr", "add", `${here}/30`, "dev", outside);
  await ip("link", "set", outside, "up");
  const mend = async () => void (await ip("-n", name, "link", "set", inside, "up"));
  await ip("-n", name, "addr", "add", `${host}/30`, "dev", inside);
  await mend();
  // Both sides know each other for good: without that the silence would be told, as "no route to host".
  const hardware = async (...where: readonly string[]) => {
    const [link] = JSON.parse((await ip(...where)).stdout) as [{ readonly address: string }];
    return link.address;
  };
  const insideAddress = await hardware("-j", "-n", name, "link", "show", inside);
  await ip("neigh", "replace", host, "lladdr", insideAddress, "dev", outside, "nud", "permanent");
  return {
    host,
    within: (command) => ({
      ...command,
      program: "ip",
      args: ["netns", "exec", name, command.program, ...command.args],
    }),
    cut: async () => void (await ip("-n", name, "link", "set", inside, "down")),
    mend,
  };
}
