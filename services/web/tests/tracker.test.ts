import { beforeEach, expect, it, vi } from "vitest";
import type { Watch } from "../src/api/events";
import type { Progress } from "../src/api/schema";
import { Tracker } from "../src/generating/tracker";
import { json } from "./builders";

const REQUEST = { prompt: "a lake", visibility: "private", count: 2, aspect_ratio: "1:1", seed: null } as const;
let keys: (string | null)[];
let answers: Response[];
let watches: Watch[];

beforeEach(() => {
  keys = [];
  answers = [];
  watches = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method === "POST") {
      keys.push(request.headers.get("Idempotency-Key"));
    }
    return answers.shift() ?? Promise.reject(new TypeError("offline"));
  });
});

const taken = (id: string) =>
  json({ generation_id: id, status: "queued", progress: 0, image_ids: [`img_${id}`], visibility: "private" }, 202);
const tracker = (onFinished = vi.fn()) =>
  new Tracker(onFinished, (watch) => {
    watches.push(watch);
    return new Promise(() => undefined);
  });

it("says with which visibility a generation was sent, and follows its real progress", async () => {
  const onFinished = vi.fn();
  const made = tracker(onFinished);
  answers.push(taken("gen_1"));
  expect(await made.send(REQUEST)).toBe("queued");
  const progress = { generation_id: "gen_1", image_ids: ["img_1"], failure: null };
  watches[0]?.onProgress({ ...progress, status: "running", progress: 0.4 });
  expect(made.all()[0]).toMatchObject({ state: "running", progress: 0.4, request: { visibility: "private" } });
  watches[0]?.onProgress({ ...progress, status: "succeeded", progress: 1 });
  expect(onFinished).toHaveBeenCalledOnce();
});

it("keeps what couldn't be sent, with the reason, and tries again under the same key", async () => {
  const made = tracker();
  expect(await made.send(REQUEST)).toBe("refused");
  const [card] = made.all();
  expect(card).toMatchObject({ state: "refused", request: { prompt: "a lake" } });
  expect(card?.problem).toContain("can't be reached");
  answers.push(taken("gen_1"));
  if (card !== undefined) {
    await made.retry(card);
  }
  expect(made.all()).toHaveLength(1);
  expect(keys[0]).toBe(keys[1]);
});

it("never sends a refused private one as public", async () => {
  const made = tracker();
  answers.push(json({ status: 403, code: "entitlement_required", detail: "" }, 403));
  await made.send(REQUEST);
  expect(made.all()[0]?.problem).toContain("Plus plan");
  expect(keys).toHaveLength(1);
});

it("sends a failed one again as a new one", async () => {
  const made = tracker();
  answers.push(taken("gen_1"), taken("gen_2"));
  await made.send(REQUEST);
  watches[0]?.onProgress({
    generation_id: "gen_1",
    status: "failed",
    progress: 0.5,
    image_ids: [],
    failure: { code: "backend_failed", detail: "The model didn't answer." },
  });
  const [card] = made.all();
  expect(card?.problem).toBe("The model didn't answer.");
  if (card !== undefined) {
    await made.retry(card);
  }
  expect(keys[0]).not.toBe(keys[1]);
  expect(made.all().map((it) => it.generationId)).toEqual(["gen_2"]);
});

it("opens two streams at the most: a browser has six connections", async () => {
  const made = tracker();
  for (let n = 1; n <= 4; n++) {
    answers.push(taken(`gen_${n}`));
    await made.send(REQUEST);
  }
  expect(watches).toHaveLength(2);
});

it("hears on waking what ended while its stream was silent, and tells it once", async () => {
  const onFinished = vi.fn();
  const made = tracker(onFinished);
  answers.push(taken("gen_1"));
  await made.send(REQUEST);
  const ended: Progress = {
    generation_id: "gen_1",
    status: "succeeded",
    progress: 1,
    image_ids: ["img_1"],
    failure: null,
  };
  answers.push(json({ items: [{ ...ended, visibility: "private" }], next_cursor: null }));
  await made.catchUp();
  expect(made.all()[0]).toMatchObject({ state: "succeeded", imageIds: ["img_1"] });
  watches[0]?.onProgress(ended);
  expect(onFinished).toHaveBeenCalledOnce();
});
