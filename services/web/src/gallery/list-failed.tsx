/** A list that couldn't be read: why, and what to do. */

import { inWords } from "../api/problem";

export function ListFailed({ error, retry }: { error: Error; retry: () => void }) {
  return (
    <div className="empty" role="alert">
      <p>{inWords(error)}</p>
      <button type="button" className="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}
