import { describe, expect, it } from "vitest";
import { inWords } from "../src/api/problem";
import { answered, failed, mustReadAgain, shownVisibility } from "../src/changes/outcome";
import { pendingInWords, reachedInWords, resultInWords } from "../src/changes/wording";
import { change, image, place, problem } from "./builders";

describe("places in words", () => {
  it("counts those that have it and tells the slowest", () => {
    const places = [place("gallery", "applied", 3.2), place("download", "applied", 12.4)];
    expect(reachedInWords(places, "private")).toBe("Removed from 2 of 2 places in 12 ms");
    expect(reachedInWords(places, "public")).toBe("Shown in 2 of 2 places in 12 ms");
    expect(pendingInWords(places, "14:02:11")).toBeNull();
  });

  it("counts a lease that ran out as reached: what that place holds isn't used any more", () => {
    const places = [place("gallery", "applied", 3), place("download", "lease", 1_100)];
    expect(reachedInWords(places, "private")).toBe("Removed from 2 of 2 places in 1.1 s");
    expect(pendingInWords(places, "14:02:11")).toBeNull();
  });

  it("tells what is pending and since when, and claims no time for the whole", () => {
    const places = [place("gallery", "applied", 3), place("download", "pending", null)];
    expect(reachedInWords(places, "private")).toBe("Removed from 1 of 2 places");
    expect(pendingInWords(places, "14:02:11")).toBe("Still pending: previews and downloads, since 14:02:11");
  });

  it("leaves the erasing of files out of who can see an image", () => {
    const places = [place("gallery", "applied", 3), place("download", "applied", 9), place("erased", "pending", null)];
    expect(reachedInWords(places, "deleted")).toBe("Removed from 2 of 2 places in 9 ms");
    expect(pendingInWords(places, "14:02:11")).toBeNull();
  });
});

describe("the result of a change of many", () => {
  it("says what was changed, what wasn't, and why", () => {
    const result = change({
      counts: { total: 40, pending: 0, changed: 34, unchanged: 4, refused: 2 },
      items: [
        { image_id: "img_1", result: "refused", reason: "changed_meanwhile" },
        { image_id: "img_2", result: "refused", reason: "not_found" },
      ],
    });
    expect(resultInWords(result)).toBe(
      "34 images made private · 4 already private · 2 not changed: changed meanwhile, so left as they are now; no longer there.",
    );
  });

  it("says what an undo did", () => {
    expect(
      resultInWords(
        change({ visibility: null, counts: { total: 1, pending: 0, changed: 1, unchanged: 0, refused: 0 } }),
      ),
    ).toBe("1 image changed back.");
  });
});

describe("what the page shows after asking", () => {
  const answer = (state: "enforced" | "pending") => ({
    image: image(1, { visibility: "private" }),
    change: { id: "chg_1", state, places: [place("gallery", "applied", 3)] },
  });

  it("shows nothing new before there is an answer", () => {
    expect(shownVisibility(image(1), { state: "asking", to: "private" })).toBe("public");
  });

  it("200: shows the new value as enforced", () => {
    const outcome = answered("private", answer("enforced"), new Date());
    expect(outcome.state).toBe("enforced");
    expect(shownVisibility(image(1), outcome)).toBe("private");
  });

  it("202: shows the new value, and that it is pending since when", () => {
    const now = new Date("2026-01-01T12:00:00Z");
    expect(answered("private", answer("pending"), now)).toMatchObject({
      state: "pending",
      changeId: "chg_1",
      since: now,
    });
  });

  it.each([
    [403, "entitlement_required", false],
    [409, "changed_meanwhile", true],
    [412, "version_differs", true],
    [404, "not_found", true],
    [503, "entitlement_unknown", false],
  ])("%i %s: shows what was, says why, and reads again only what may be stale", (status, code, isStale) => {
    const outcome = failed("private", problem(status, code));
    expect(outcome.state).toBe("refused");
    expect(shownVisibility(image(1), outcome)).toBe("public");
    expect(mustReadAgain(outcome)).toBe(isStale);
    expect(inWords(problem(status, code))).not.toBe("");
  });

  it("no answer: claims nothing and reads again", () => {
    const outcome = failed("private", problem(0, "timed_out"));
    expect(outcome.state).toBe("unknown");
    expect(shownVisibility(image(1), outcome)).toBe("public");
    expect(mustReadAgain(outcome)).toBe(true);
  });
});
