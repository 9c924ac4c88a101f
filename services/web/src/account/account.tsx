/** Account: who is signed in, the plan, what it allows and until when. */

import { useState } from "react";
import { inWords } from "../api/problem";
import { FORMATS, type MyPlan } from "../api/schema";
import { notify } from "../frame/notices";
import { useMyPlan } from "../session/queries";
import { useSession } from "../session/session";
import { CheckIcon, CloseIcon } from "../ui/icons";
import { LapseNote } from "./lapse-note";
import { Picker } from "./picker";
import { Plans } from "./plans";
import { stateInWords } from "./wording";

export function Account() {
  const session = useSession();
  const plan = useMyPlan();
  if (session.userId === null) {
    return <Picker title="Sign in" />;
  }
  return (
    <div className="view account">
      <header className="account-head">
        <div>
          <h1>{session.userId}</h1>
          {plan.data === undefined ? null : <p className="account-state">{stateInWords(plan.data)}</p>}
        </div>
        <SignOut />
      </header>
      {plan.error === null ? null : (
        <p className="note" role="alert">
          {inWords(plan.error)}
        </p>
      )}
      <LapseNote />
      {plan.data === undefined ? null : <Allows plan={plan.data} />}
      {plan.data === undefined ? null : <Plans mine={plan.data} />}
      <Picker title="Switch account" />
    </div>
  );
}

function Allows({ plan }: { plan: MyPlan }) {
  const { capabilities } = plan;
  const formats = FORMATS.filter((format) => capabilities.formats[format]?.allowed).map((it) => it.toUpperCase());
  const isPrivate = capabilities.private_generation.allowed;
  return (
    <section className="allows" aria-label="What your plan allows">
      <dl>
        <div>
          <dt>Private images</dt>
          <dd className={isPrivate ? "yes" : "no"}>
            {isPrivate ? <CheckIcon /> : <CloseIcon />}
            {isPrivate ? "Included" : "Not included"}
          </dd>
        </div>
        <div>
          <dt>Download formats</dt>
          <dd>{formats.join(", ")}</dd>
        </div>
        <div>
          <dt>Generations at once</dt>
          <dd>{capabilities.generations_at_once.limit}</dd>
        </div>
        <div>
          <dt>Images per generation</dt>
          <dd>{capabilities.images_per_generation.limit}</dd>
        </div>
      </dl>
    </section>
  );
}

function SignOut() {
  const session = useSession();
  const [isBusy, setBusy] = useState(false);
  const leave = async () => {
    setBusy(true);
    try {
      await session.signOut();
    } catch (error) {
      setBusy(false);
      notify(`You are still signed in. ${inWords(error)}`, { isError: true });
    }
  };
  return (
    <button type="button" className="button button-quiet" disabled={isBusy} onClick={() => void leave()}>
      Sign out
    </button>
  );
}
