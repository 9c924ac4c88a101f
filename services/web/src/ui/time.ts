/** Times and sizes as people read them. */

const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});
const CLOCK = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const NUMBER = new Intl.NumberFormat("en");

export const day = (text: string) => DAY.format(new Date(text));
export const moment = (text: string) => MOMENT.format(new Date(text));
export const clock = (time: Date) => CLOCK.format(time);
export const number = (value: number) => NUMBER.format(value);
export const images = (count: number) => `${number(count)} ${count === 1 ? "image" : "images"}`;
