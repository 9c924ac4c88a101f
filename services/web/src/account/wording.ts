/** A plan in words. */

import type { MyPlan } from "../api/schema";
import { planName } from "../session/queries";
import { day } from "../ui/time";

/** Say which plan it is, in which state and until when. */
export function stateInWords(plan: MyPlan): string {
  const name = planName(plan.plan);
  const until = plan.ends_at === null ? null : day(plan.ends_at);
  switch (plan.state) {
    case "cancelling":
      return `${name} plan, cancelled: it ends on ${until ?? "the end of the period"}`;
    case "past_due":
      return `${name} plan: the last payment failed. It goes on until ${until ?? "the grace period ends"}`;
    case "ended":
      return `${name} plan: your subscription has ended`;
    case "active":
      break;
  }
  if (plan.scheduled !== null) {
    return `${name} plan until ${day(plan.scheduled.at)}, then ${planName(plan.scheduled.plan)}`;
  }
  return plan.plan === "free" || plan.period_end === null
    ? `${name} plan`
    : `${name} plan, renews on ${day(plan.period_end)}`;
}
