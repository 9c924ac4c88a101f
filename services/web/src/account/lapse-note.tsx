/** After a plan ended: what stays private, and what can be done with it. */

import { follow } from "../frame/route";
import { planName, useCounts, useMyPlan } from "../session/queries";
import { LockIcon } from "../ui/icons";
import { images } from "../ui/time";

export function LapseNote() {
  const plan = useMyPlan();
  const counts = useCounts();
  const kept = counts.data?.private ?? 0;
  if (plan.data === undefined || plan.data.capabilities.private_generation.allowed || kept === 0) {
    return null;
  }
  return (
    <aside className="note">
      <LockIcon />
      <p>
        {plan.data.state === "ended"
          ? "Your plan has ended."
          : `The ${planName(plan.data.plan)} plan doesn't include private images.`}{" "}
        Your {images(kept)} that {kept === 1 ? "is" : "are"} private {kept === 1 ? "stays" : "stay"} private: only you
        can see {kept === 1 ? "it" : "them"}, and download as JPG.{" "}
        <a href="/account" onClick={follow}>
          {plan.data.state === "ended" ? "Resubscribe" : "Take Plus or higher"}
        </a>{" "}
        for every format and new private images.
      </p>
    </aside>
  );
}
