import { act, render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { leaveNoticesBehind, Notices, notify } from "../src/frame/notices";

const said = () => screen.queryAllByRole("status").flatMap((it) => it.textContent || []);

it("shows a message until its view is left, and one that leads to another view there as well", () => {
  render(<Notices />);
  act(() => notify("Prompt copied."));
  act(() => notify("Private images need the Plus plan or higher.", { isLeading: true }));
  expect(said()).toHaveLength(2);
  act(leaveNoticesBehind);
  expect(said()).toEqual(["Private images need the Plus plan or higher."]);
  act(leaveNoticesBehind);
  expect(said()).toEqual([]);
});
