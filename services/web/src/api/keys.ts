/** What the page's answers are kept under, so that whoever changes one can have it asked for again. */

export const PLAN_KEY = ["plan"] as const;
export const PLANS_KEY = ["plans"] as const;
export const PREFERENCES_KEY = ["preferences"] as const;
export const ACCOUNTS_KEY = ["accounts"] as const;
export const COUNTS_KEY = ["counts"] as const;
/** Of each of the next, followed by which one. */
export const LISTS_KEY = ["images"] as const;
export const IMAGE_KEY = ["image"] as const;
export const HISTORY_KEY = ["history"] as const;
export const FORMATS_KEY = ["formats"] as const;
export const GENERATION_KEY = ["generation"] as const;
