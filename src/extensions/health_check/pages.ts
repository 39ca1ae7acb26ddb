import type { ServerAnswer, ServerRequest } from "../../component/server.ts";
import type { AgentHealth, ComponentHealth } from "../../component/status.ts";
import { textAnswer } from "../../kit/server/http-answer.ts";
import { formatDuration } from "../../lib/duration.ts";
import type { Config } from "./config.ts";
import { type Verdict, verdictOf, wholeVerdict, worst } from "./verdict.ts";

/** Answers a request by the state that the agent is in: 200 where what it asks for holds, else 503. */
export function healthPages(config: Config): (request: ServerRequest, agent: AgentHealth, now: number) => ServerAnswer {
  const below = config.path.endsWith("/") ? config.path : `${config.path}/`;
  const asked = new Map<string, Asked>([
    [config.path, "healthy"],
    [`${below}ready`, "ready"],
    [`${below}live`, "live"],
  ]);
  const places = [...asked.keys()].join(", ");

  return ({ method, path, query }, agent, now) => {
    const what = asked.get(path);
    if (what === undefined) return textAnswer(404, `nothing is here; health is at ${places}`);
    if (method !== "GET" && method !== "HEAD") {
      const answer = textAnswer(405, "use GET");
      return { ...answer, headers: { ...answer.headers, Allow: "GET, HEAD" } };
    }
    const pipeline = new URLSearchParams(query).get("pipeline");
    const looked = pipeline === null ? agent.components : componentsOf(pipeline, agent);
    if (looked === undefined) return textAnswer(404, `there is no pipeline ${pipeline}`);
    const verdicts = looked.map((component) => verdictOf(component, now, config.component_health));
    const whole = wholeVerdict(agent, verdicts);
    // Whoever answers is alive: what its backends do is no reason to end it.
    const holds = what === "live" || whole[what];
    const fixed = config.response_body?.[holds ? "healthy" : "unhealthy"] || undefined;
    if (fixed !== undefined) return fixedAnswer(holds, fixed);
    return jsonAnswer(holds, {
      ...summary(holds, whole, agent, now),
      problems: problems(agent, verdicts),
      components: pipeline === null ? groupsOf(agent, verdicts) : membersOf(verdicts),
    });
  };
}

type Asked = "healthy" | "ready" | "live";

/** The first three as the Collector's extension has them. */
function summary(
  holds: boolean,
  whole: { readonly healthy: boolean; readonly ready: boolean },
  agent: AgentHealth,
  now: number,
) {
  const { runningSince, phase } = agent;
  return {
    status: holds ? "Server available" : "Server not available",
    ...(runningSince !== undefined && {
      upSince: new Date(runningSince).toISOString(),
      uptime: formatDuration(Math.round(now - runningSince)),
    }),
    phase,
    ...whole,
  };
}

/** A line for each thing that somebody should know, for people. */
function problems({ refuses }: AgentHealth, verdicts: readonly Verdict[]): readonly string[] {
  const own = refuses === undefined ? [] : [`nothing is taken: ${refuses}`];
  return [...own, ...verdicts.flatMap(({ name, error }) => (error === undefined ? [] : [`${name}: ${error}`]))];
}

/** By pipeline, and the extensions beside them, in the shape that the Collector's healthcheckv2 has. */
function groupsOf({ components }: AgentHealth, verdicts: readonly Verdict[]): object {
  const pipelines = [...new Set(components.flatMap(({ pipelines }) => pipelines))];
  const group = (name: string, isIn: (component: ComponentHealth) => boolean) => {
    const its = verdicts.filter((_, index) => isIn(components[index]!));
    if (its.length === 0) return [];
    const healthy = its.every(({ healthy }) => healthy);
    return [[name, { healthy, status: worst(its), components: membersOf(its) }] as const];
  };
  return Object.fromEntries([
    ...group("extensions", ({ kind }) => kind === "extension"),
    ...pipelines.flatMap((id) => group(`pipeline:${id}`, ({ pipelines }) => pipelines.includes(id))),
  ]);
}

function membersOf(verdicts: readonly Verdict[]): object {
  return Object.fromEntries(
    verdicts.map(({ name, status, healthy, error, since }) => [
      name,
      { healthy, status, ...(error !== undefined && { error }), status_time: new Date(since).toISOString() },
    ]),
  );
}

/** `extensions` stands for what is in no pipeline. */
function componentsOf(pipeline: string, { components }: AgentHealth): readonly ComponentHealth[] | undefined {
  const found = components.filter(({ kind, pipelines }) =>
    pipeline === "extensions" ? kind === "extension" : pipelines.includes(pipeline),
  );
  return found.length === 0 ? undefined : found;
}

function jsonAnswer(holds: boolean, body: object): ServerAnswer {
  return answer(holds, "application/json", `${JSON.stringify(body, undefined, 2)}\n`);
}

function fixedAnswer(holds: boolean, text: string): ServerAnswer {
  return answer(holds, /^\s*[[{]/.test(text) ? "application/json" : "text/plain; charset=utf-8", text);
}

function answer(holds: boolean, type: string, body: string): ServerAnswer {
  return { status: holds ? 200 : 503, headers: { "Content-Type": type, "Cache-Control": "no-store" }, body };
}
