/** "View as stranger": asked when the person asks, shown surface by surface. */

import { useState } from "react";
import type { Image } from "../api/schema";
import { announce } from "../frame/notices";
import { EyeIcon, GlobeIcon, LockIcon } from "../ui/icons";
import { clock } from "../ui/time";
import { type Finding, viewAsStranger } from "./stranger";

export function StrangerView({ image }: { image: Image }) {
  const [findings, setFindings] = useState<Finding[] | null>(null);
  const [askedAt, setAskedAt] = useState<Date | null>(null);
  const [isAsking, setAsking] = useState(false);
  const ask = async () => {
    setAsking(true);
    const found = await viewAsStranger(image.id);
    setFindings(found);
    setAskedAt(new Date());
    setAsking(false);
    announce(summaryOf(found));
  };
  return (
    <section className="details-part" aria-labelledby="stranger-title">
      <div className="details-part-head">
        <h3 id="stranger-title">View as stranger</h3>
        <button
          type="button"
          className="button button-quiet button-small"
          disabled={isAsking}
          onClick={() => void ask()}
        >
          <EyeIcon />
          {isAsking ? "Asking" : findings === null ? "Look" : "Look again"}
        </button>
      </div>
      {findings === null ? (
        <p className="details-hint">Asks every place without your session, as anybody else would.</p>
      ) : (
        <>
          <p className="stranger-summary">{summaryOf(findings)}</p>
          <ul className="findings">
            {findings.map((finding) => (
              <li key={finding.surface} className={finding.isVisible ? "finding-visible" : "finding-hidden"}>
                {finding.isVisible ? <GlobeIcon /> : <LockIcon />}
                <span>
                  <strong>{finding.surface}</strong>
                  <span>{finding.answer}</span>
                </span>
              </li>
            ))}
          </ul>
          {askedAt === null ? null : <p className="details-hint">Asked at {clock(askedAt)}, without the cookie.</p>}
        </>
      )}
    </section>
  );
}

function summaryOf(findings: readonly Finding[]): string {
  const visible = findings.filter((finding) => finding.isVisible).length;
  if (findings.some((finding) => finding.isVisible === null)) {
    return "Some places didn't answer as expected: look again.";
  }
  return visible === 0
    ? "A stranger finds no trace of this image."
    : `A stranger sees this image in ${visible} of ${findings.length} places.`;
}
