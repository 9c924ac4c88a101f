/** An open page keeps up: with other tabs, with what happened while nobody looked, and with a plan that changed. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { stateInWords } from "../account/wording";
import { FORMATS_KEY, HISTORY_KEY, IMAGE_KEY, PLAN_KEY, PREFERENCES_KEY } from "../api/keys";
import { announce } from "../frame/notices";
import { onWake } from "./awake";
import { useMyPlan } from "./queries";
import { onTabMessage, type TabMessage } from "./tabs";

const LOOKED_AT_AGAIN: Record<TabMessage["about"], readonly (readonly string[])[]> = {
  plan: [PLAN_KEY],
  preferences: [PREFERENCES_KEY],
  images: [IMAGE_KEY, HISTORY_KEY],
  // The session, the lists and the cards see to these themselves.
  session: [],
  generations: [],
};

export function useCatchUp(): void {
  const client = useQueryClient();
  useEffect(() => {
    const lookAgain = (keys: readonly (readonly string[])[]) => {
      for (const queryKey of keys) {
        void client.invalidateQueries({ queryKey }, { cancelRefetch: false });
      }
    };
    const stops = [
      onTabMessage((message) => lookAgain(LOOKED_AT_AGAIN[message.about])),
      onWake(() => lookAgain([...Object.values(LOOKED_AT_AGAIN).flat(), FORMATS_KEY])),
    ];
    return () => {
      for (const stop of stops) {
        stop();
      }
    };
  }, [client]);

  const plan = useMyPlan().data;
  const said = plan === undefined ? null : stateInWords(plan);
  const before = useRef(said);
  useEffect(() => {
    if (said !== null && before.current !== null && before.current !== said) {
      announce(`${said}.`);
      void client.invalidateQueries({ queryKey: FORMATS_KEY });
    }
    before.current = said;
  }, [client, said]);
}
