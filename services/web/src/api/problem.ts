/** What went wrong, and how it is said: one class for refusals, lost connections and answers that never came. */

interface ProblemBody {
  status: number;
  code: string;
  detail: string;
  [member: string]: unknown;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterS: number | null;
  readonly body: ProblemBody | null;

  constructor(status: number, code: string, detail: string, retryAfterS: number | null, body: ProblemBody | null) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
    this.body = body;
  }

  /** Trying the same again later may help. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const OFFLINE = "offline";
const TIMED_OUT = "timed_out";

export async function problemOf(answer: Response): Promise<ApiError> {
  const header = Number(answer.headers.get("Retry-After"));
  const retryAfterS = Number.isFinite(header) && header > 0 ? header : null;
  try {
    const body = (await answer.json()) as ProblemBody;
    if (typeof body.code === "string") {
      return new ApiError(answer.status, body.code, body.detail, retryAfterS, body);
    }
  } catch {
    // Not a problem document: an intermediary's page, or nothing. The status says enough.
  }
  return new ApiError(answer.status, `http_${answer.status}`, "", retryAfterS, null);
}

/** Make whatever `fetch` threw an ApiError; an abort by the page itself stays what it is. */
export function asApiError(error: unknown): unknown {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new ApiError(0, TIMED_OUT, "", null, null);
  }
  if (error instanceof TypeError) {
    return new ApiError(0, OFFLINE, "", null, null);
  }
  return error;
}

const WORDS: Record<string, string> = {
  [OFFLINE]: "The server can't be reached. Check your connection; the page tries again when it is back.",
  [TIMED_OUT]: "The server took too long to answer. Try again.",
  entitlement_required: "Private images need the Plus plan or higher. Nothing was changed.",
  entitlement_unknown: "Your plan can't be checked right now, so nothing private was started. Try again in a moment.",
  format_not_in_plan: "This format isn't in your plan. JPG always is.",
  not_found: "There is nothing here: it was deleted, made private, or never existed.",
  too_many_running: "Your plan has no free place for another generation. Wait for one to finish, then send again.",
  too_many_changes_open: "Several of your changes are still under way. Wait until one is done, then try again.",
  too_many_images: "That is more than 10,000 images. Select fewer and try again.",
  changed_meanwhile: "This image was changed somewhere else a moment ago. What you see now is how it is.",
  version_differs: "This image was changed somewhere else a moment ago. Look at it again, then decide.",
  too_many_changes: "This is being changed elsewhere at the same moment. Try again.",
  already_undone: "This change has been undone already.",
  still_running: "The change is still under way. Undo it once it is done.",
  not_undoable: "This can't be undone.",
  already_finished: "It has finished already. Delete its images instead.",
  nothing_paid: "There is no paid period that could end. End the plan now instead.",
  sign_in_required: "You are signed out. Sign in again to go on; what you typed is kept.",
  token_invalid: "Your session has ended. Sign in again to go on; what you typed is kept.",
  origin_differs: "The server didn't recognise this page as its own. Reload the page and try again.",
  too_many_archives: "Many archives are being made right now. Try again in a few seconds.",
  count_not_in_plan: "Your plan makes fewer images at a time. Choose a smaller number.",
  outcome_unknown: "It isn't known whether this was done. Reload and look before you try again.",
  internal_error: "Something went wrong on the server. Try again.",
};

/** Say what happened and what to do. */
export function inWords(error: unknown): string {
  if (!(error instanceof ApiError)) {
    return "Something unexpected went wrong on this page. Reload it and try again.";
  }
  const words = WORDS[error.code];
  if (words !== undefined) {
    return words;
  }
  if (error.status === 503 || error.status === 429) {
    return "The server is busy or restarting. Try again in a moment.";
  }
  if (error.status >= 500) {
    return "Something went wrong on the server. Try again.";
  }
  return error.message || "The server refused this. Check what you entered and try again.";
}
