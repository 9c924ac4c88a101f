/** The Visibility button of the Prompt Box: the current value, and what each one means. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../api/client";
import { PREFERENCES_KEY } from "../api/keys";
import { inWords } from "../api/problem";
import type { Visibility } from "../api/schema";
import { announce, notify } from "../frame/notices";
import { go } from "../frame/route";
import { useMayBePrivate } from "../session/queries";
import { tellTabs } from "../session/tabs";
import { DownIcon, GlobeIcon, LockIcon } from "../ui/icons";
import { Menu, MenuChoice } from "../ui/menu";

export const VISIBILITY_NAMES: Record<Visibility, string> = { public: "Public", private: "Private" };

export function visibilityOptions(isAllowed: boolean) {
  return [
    { value: "public" as const, name: "Public", about: "Anyone can see it on Explore.", icon: <GlobeIcon /> },
    {
      value: "private" as const,
      name: "Private",
      about: isAllowed
        ? "Only you can see it, everywhere."
        : "Only you could see it. Needs the Plus plan or higher: see the plans.",
      icon: <LockIcon />,
      isLocked: !isAllowed,
    },
  ];
}

/** In the button's place while the remembered value isn't known: it names none that may be wrong. */
export function UnknownVisibility({ isUnreadable }: { isUnreadable: boolean }) {
  return (
    <button
      type="button"
      className="chip chip-unknown"
      aria-label={isUnreadable ? "Visibility: unknown" : "Visibility: being read"}
      aria-busy={!isUnreadable}
      disabled
    >
      {isUnreadable ? "Unknown" : "…"}
    </button>
  );
}

export function VisibilityMenu({ value, isSignedIn }: { value: Visibility; isSignedIn: boolean }) {
  const client = useQueryClient();
  const isAllowed = useMayBePrivate();
  const remember = useMutation({
    mutationFn: (visibility: Visibility) => api.PUT("/v1/preferences", { body: { visibility } }),
    onMutate: (visibility) => {
      const before = client.getQueryData<Visibility>(PREFERENCES_KEY);
      client.setQueryData(PREFERENCES_KEY, visibility);
      return { before };
    },
    onSuccess: (_, visibility) => {
      tellTabs({ about: "preferences" });
      announce(`The next image will be ${visibility}.`);
    },
    onError: (error, _, context) => {
      client.setQueryData(PREFERENCES_KEY, context?.before);
      notify(`Your choice couldn't be kept. ${inWords(error)}`, { isError: true });
    },
  });
  const choose = (visibility: Visibility) => {
    if (!isSignedIn || (visibility === "private" && !isAllowed)) {
      notify(isSignedIn ? "Private images need the Plus plan or higher." : "Sign in to choose.", { isLeading: true });
      go("/account");
      return;
    }
    remember.mutate(visibility);
  };
  return (
    <Menu
      label="Visibility"
      trigger={
        <button type="button" className={`chip chip-${value}`} aria-label={`Visibility: ${VISIBILITY_NAMES[value]}`}>
          {value === "private" ? <LockIcon /> : <GlobeIcon />}
          {VISIBILITY_NAMES[value]}
          <DownIcon />
        </button>
      }
    >
      <MenuChoice value={value} onChange={choose} options={visibilityOptions(isAllowed || !isSignedIn)} />
    </Menu>
  );
}
