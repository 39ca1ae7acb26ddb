import { worldWith } from "./bugs/bugs.ts";
import { live } from "./life.ts";

const o = worldWith(undefined);
const t = performance.now();
const c = process.cpuUsage();
for (let seed = 1; seed <= 100; seed++) await live(seed, o);
const u = process.cpuUsage(c);
process.stdout.write(`${(performance.now() - t) / 100} ms wall, ${(u.user + u.system) / 1000 / 100} ms cpu a life\n`);
